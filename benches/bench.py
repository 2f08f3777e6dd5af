"""Measures secure-lint on trees made of copies of one example, each copy a repository part of its own, and on one account
of many roles."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

BINARY, WORK = sys.argv[1], Path(sys.argv[2])
EXAMPLE = Path("testdata/worlds/public-service")
RUNS = 5


def tree(name: str, files: int) -> Path:
    """A folder with at least so many files that are read."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    per_copy = sum(1 for path in EXAMPLE.rglob("*") if path.is_file() and not path.name.startswith("expected"))
    for number in range(-(-files // per_copy) if files else 0):
        shutil.copytree(EXAMPLE, folder / f"part{number:04}", ignore=shutil.ignore_patterns("expected*", "secure-lint.toml"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


SERVICES = ["s3", "sqs", "sns", "dynamodb", "ssm", "secretsmanager", "logs", "ecr", "ecs", "kms"]
ACTIONS = {
    "s3": "s3:GetObject", "sqs": "sqs:SendMessage", "sns": "sns:Publish", "dynamodb": "dynamodb:GetItem",
    "ssm": "ssm:GetParameter", "secretsmanager": "secretsmanager:GetSecretValue", "logs": "logs:PutLogEvents",
    "ecr": "ecr:*", "ecs": "ecs:UpdateService", "kms": "kms:Decrypt",
}


def identities(name: str, roles: int, statements: int) -> Path:
    """Roles that jobs of workflows assume, each with a policy of so many statements; every fifth passes its neighbour."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    workflows = folder / ".github/workflows"
    workflows.mkdir(parents=True)
    for first in range(0, roles, 20):
        group = range(first, min(first + 20, roles))
        (folder / f"roles{first:04}.tf").write_text("".join(role(number, roles, statements) for number in group))
        jobs = "".join(job(number) for number in group)
        head = "on:\n  push:\n    branches: [main]\n  pull_request:\npermissions:\n  id-token: write\njobs:\n"
        (workflows / f"deploy{first:04}.yml").write_text(head + jobs)
    return folder


def role(number: int, roles: int, statements: int) -> str:
    service = "ecs-tasks.amazonaws.com" if number % 2 else "lambda.amazonaws.com"
    listed = [
        f'      {{ Effect = "Allow", Action = ["{ACTIONS[name]}"], Resource = ["arn:aws:{name}:eu-west-1:123456789012:r{number}-{index}/*"] }},\n'
        for index in range(statements - 1)
        for name in [SERVICES[(number + index) % len(SERVICES)]]
    ]
    passes = f"aws_iam_role.r{(number + 1) % roles}.arn" if number % 5 == 0 else f'"arn:aws:iam::123456789012:role/other-{number}"'
    listed.append(f'      {{ Effect = "Allow", Action = ["iam:PassRole", "ecs:RunTask", "ecs:RegisterTaskDefinition"], Resource = [{passes}] }},\n')
    return f"""
resource "aws_iam_role" "r{number}" {{
  name = "r{number}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
      {{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "{service}" }} }},
      {{
        Effect    = "Allow"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Principal = {{ Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }}
        Condition = {{ StringLike = {{ "token.actions.githubusercontent.com:sub" = "repo:acme/app:ref:refs/heads/r{number}*" }} }}
      }},
    ]
  }})
}}

resource "aws_iam_role_policy" "r{number}" {{
  role = aws_iam_role.r{number}.id
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
{"".join(listed)}    ]
  }})
}}
"""


def job(number: int) -> str:
    return f"""  r{number}:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::123456789012:role/r{number}
          aws-region: eu-west-1
      - run: aws ecs update-service --cluster main --service r{number}
"""


def measure(folder: Path, threads: int) -> tuple[float, float, float]:
    """Least CPU seconds, least wall seconds, and peak MiB of several runs."""
    cpu, wall, peak = [], [], []
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.Popen(
            [BINARY, "check", str(folder), "--root", str(folder), "-qq", "--threads", str(threads), "--fail-on", "never"]
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"secure-lint failed on {folder}")
        cpu.append(usage.ru_utime + usage.ru_stime)
        wall.append(time.perf_counter() - start)
        peak.append(usage.ru_maxrss / 1024)
    return min(cpu), min(wall), max(peak)


def main() -> None:
    missed = []

    def line(name: str, folder: Path, cpu_limit: float | None, memory_limit: float | None) -> float:
        cpu, wall, peak = measure(folder, 1)
        _, wall_two, _ = measure(folder, 2)
        print(f"{name:<18} {cpu * 1000:8.1f} ms CPU {wall * 1000:8.1f} ms wall {wall_two * 1000:8.1f} ms on two {peak:7.1f} MiB")
        if cpu_limit and cpu > cpu_limit:
            missed.append(f"{name}: {cpu * 1000:.0f} ms CPU, at most {cpu_limit * 1000:.0f}")
        if memory_limit and peak > memory_limit:
            missed.append(f"{name}: {peak:.0f} MiB, at most {memory_limit:.0f}")
        return cpu

    start = line("start-up", tree("empty", 0), 0.010, 25)
    line("200 files", tree("small", 200), 0.100, None)
    line("5,000 files", tree("large", 5000), 1.0, 300)
    line("1,000 roles", identities("identities", 1000, 20), 1.0, None)
    one = line("1,000 files (1x)", tree("one", 1000), None, None) - start
    eight = line("8,000 files (8x)", tree("eight", 8000), None, None) - start
    print(f"growth from 1x to 8x: {eight / one:.2f}")
    if eight / one > 8 * 1.15:
        missed.append(f"cost grows {eight / one:.2f} times from 1x to 8x, at most {8 * 1.15:.2f}")
    for text in missed:
        print(f"missed: {text}")
    sys.exit(bool(missed))


main()

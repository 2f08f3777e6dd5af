"""Measures secure-lint on trees made of copies of one example, each copy a repository part of its own, on one account of
many roles, on many workflows and on many Dockerfiles."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

BINARY, WORK = sys.argv[1], Path(sys.argv[2])
EXAMPLE = Path("testdata/worlds/public-service")
SYSTEMS = Path("testdata/terraform/systems")
# One rule that asks almost nothing: what is left is reading, evaluating and lowering.
ONE_RULE = ("--select", "bastion-on-by-default")
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


ACTIONS_USED = [
    ("actions/checkout", "v4"), ("actions/setup-node", "v4"), ("actions/cache", "v4"), ("actions/upload-artifact", "v4"),
    ("docker/login-action", "v3"), ("actions/setup-python", "v5"), ("actions/setup-go", "v5"), ("actions/github-script", "v7"),
]


def workflows(name: str, count: int) -> Path:
    """Repositories of ten workflows each: triggers with filters, a matrix, conditions, scripts and outputs, every second
    action pinned by a commit. About 3.9 KB each, as public workflows are."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    for number in range(count):
        files = folder / f"repository{number // 10:03}/.github/workflows"
        files.mkdir(parents=True, exist_ok=True)
        jobs = "".join(ci_job(number, index) for index in range(2))
        head = f"""# Builds and tests part {number}.
name: part {number}
on:
  push:
    branches: [main, 'release/**']
    paths: ['src{number}/**', '.github/workflows/**']
  pull_request:
    types: [opened, synchronize, reopened]
  workflow_dispatch:
    inputs:
      level:
        description: How much is said
        type: choice
        options: [info, debug]
permissions:
  contents: read
concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ github.ref }}}}
  cancel-in-progress: true
env:
  REGION: eu-west-1
  PART: "{number}"
jobs:
"""
        (files / f"part{number % 10}.yml").write_text(head + jobs)
    return folder


def ci_job(number: int, index: int) -> str:
    before = f"\n    needs: job{index - 1}\n    if: needs.job{index - 1}.outputs.changed == 'true' && github.event_name != 'schedule'" if index else ""
    used = [ACTIONS_USED[(number + index + at) % len(ACTIONS_USED)] for at in range(3)]
    pinned = [f"{action}@{f'{number * 31 + at:040x}' if (number + at) % 2 else version}" for at, (action, version) in enumerate(used)]
    return f"""  job{index}:
    name: Part {number}, job {index}
    runs-on: ${{{{ matrix.os }}}}{before}
    timeout-minutes: 30
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-24.04, ubuntu-22.04]
        version: ['20', '22']
    outputs:
      changed: ${{{{ steps.changes.outputs.changed }}}}
    steps:
      - uses: {pinned[0]}
        with:
          fetch-depth: 0
      - name: Look for changes
        id: changes
        env:
          BASE: ${{{{ github.event.pull_request.base.sha || github.event.before }}}}
        run: |
          set -euo pipefail
          if git diff --name-only "$BASE" HEAD | grep -q '^src{number}/'; then
            echo "changed=true" >> "$GITHUB_OUTPUT"
          else
            echo "changed=false" >> "$GITHUB_OUTPUT"
          fi
      - name: Prepare version ${{{{ matrix.version }}}}
        uses: {pinned[1]}
        with:
          version: ${{{{ matrix.version }}}}
          key: ${{{{ runner.os }}}}-{number}-${{{{ hashFiles('**/package-lock.json') }}}}
      - name: Test
        if: ${{{{ always() && steps.changes.outputs.changed == 'true' }}}}
        working-directory: src{number}
        run: |
          npm ci
          for suite in unit integration; do
            npm run "test:$suite" -- --reporter=junit --output="out/$suite.xml"
          done
          tar czf results.tgz out && aws s3 cp results.tgz "s3://results-$REGION/$PART/" --only-show-errors
      - uses: {pinned[2]}
        if: failure()
        with:
          name: results-{number}-{index}
          path: src{number}/out
"""


def dockerfiles(name: str, count: int) -> Path:
    """Dockerfiles of two stages with what they copy, install and start, about 1.3 KB each."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    for number in range(count):
        place = folder / f"image{number:04}"
        place.mkdir(parents=True)
        (place / "Dockerfile").write_text(f"""# syntax=docker/dockerfile:1
ARG VERSION=3.12
FROM python:${{VERSION}}-slim AS build
ARG PART={number}
ENV PIP_NO_CACHE_DIR=1 \\
    PATH=/opt/app/bin:$PATH
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends \\
        build-essential=12.9 \\
        libpq-dev curl \\
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN --mount=type=cache,target=/root/.cache pip install --require-hashes -r requirements.txt
COPY . .
RUN set -eux; \\
    case "$(uname -m)" in \\
        x86_64) arch=amd64 ;; \\
        aarch64) arch=arm64 ;; \\
        *) echo "unsupported" >&2; exit 1 ;; \\
    esac; \\
    curl -fsSL "https://example.com/tools/{number}/tool-$arch.tar.gz" -o /tmp/tool.tgz; \\
    echo "{number:064x}  /tmp/tool.tgz" | sha256sum -c -; \\
    tar -xzf /tmp/tool.tgz -C /usr/local/bin; \\
    rm /tmp/tool.tgz

FROM python:${{VERSION}}-slim
LABEL org.opencontainers.image.title="part {number}"
RUN useradd --uid 10001 --create-home app \\
    && mkdir -p /var/lib/app && chown app /var/lib/app
COPY --from=build /src /opt/app
COPY --from=build /usr/local/bin/tool /usr/local/bin/tool
ENV PORT=8{number % 1000:03} MODE=production
EXPOSE 8{number % 1000:03}
VOLUME /var/lib/app
USER app
HEALTHCHECK --interval=30s CMD ["python", "-m", "app.health"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["--port", "8{number % 1000:03}"]
""")
    return folder


def terraform(copies: int) -> tuple[Path, int]:
    """A folder with roots that call no modules, and how many bytes of Terraform they have."""
    folder = WORK / "terraform"
    if folder.exists():
        shutil.rmtree(folder)
    n_bytes = 0
    roots = sorted({path.parent for path in SYSTEMS.rglob("*.tf")})
    plain = [root for root in roots if not any("\nmodule " in path.read_text() for path in root.glob("*.tf"))]
    for number in range(copies):
        for index, root in enumerate(plain):
            target = folder / f"root{number:03}-{index}"
            target.mkdir(parents=True)
            for path in root.glob("*.tf"):
                n_bytes += path.stat().st_size
                shutil.copy(path, target)
    return folder, n_bytes


def instances(name: str, count: int) -> Path:
    """One module, called so many times."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "net").mkdir(parents=True)
    (folder / "net/main.tf").write_text(
        'variable "n" {}\n'
        'resource "aws_vpc" "it" {\n  cidr_block = cidrsubnet("10.0.0.0/8", 8, var.n % 256)\n}\n'
        'resource "aws_subnet" "it" {\n  count = 4\n  vpc_id = aws_vpc.it.id\n'
        "  cidr_block = cidrsubnet(aws_vpc.it.cidr_block, 4, count.index)\n}\n"
        'output "ids" {\n  value = aws_subnet.it[*].id\n}\n'
    )
    (folder / "main.tf").write_text(
        f'module "net" {{\n  source = "./net"\n  count = {count}\n  n = count.index\n}}\n'
        'output "all" {\n  value = flatten(module.net[*].ids)\n}\n'
    )
    return folder


# Resources of one part of a network, below.
PER_PART = 10


def network(name: str, resources: int) -> Path:
    """One root without faults, so that what is measured is the search for them: a VPC with NAT, endpoints and a load
    balancer, and so many resources in parts."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text("""
resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/8"
  enable_dns_hostnames = true
}

resource "aws_flow_log" "main" {
  vpc_id       = aws_vpc.main.id
  traffic_type = "REJECT"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "public" {
  count             = 3
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 16, 65000 + count.index)
  availability_zone = "eu-west-1${["a", "b", "c"][count.index]}"
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table_association" "public" {
  count          = 3
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_nat_gateway" "main" {
  count     = 3
  subnet_id = aws_subnet.public[count.index].id
}

resource "aws_security_group" "lb" {
  vpc_id = aws_vpc.main.id
  egress {
    from_port   = 8000
    to_port     = 8000
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.main.cidr_block]
  }
}

resource "aws_security_group" "endpoints" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.main.cidr_block]
  }
}

resource "aws_lb" "main" {
  internal                   = true
  drop_invalid_header_fields = true
  subnets                    = aws_subnet.public[*].id
  security_groups            = [aws_security_group.lb.id]
}

resource "aws_lb_listener" "main" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = "arn:aws:acm:eu-west-1:123456789012:certificate/0"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
    }
  }
}

resource "aws_vpc_endpoint" "all" {
  for_each            = toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"])
  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.eu-west-1.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.public[*].id
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
}

resource "aws_db_parameter_group" "tls" {
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_subnet_group" "main" {
  subnet_ids = [aws_subnet.s0.id, aws_subnet.s1.id]
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.eu-west-1.s3"
}
""")
    parts = resources // PER_PART
    for first in range(0, parts, 50):
        group = range(first, min(first + 50, parts))
        (folder / f"part{first:04}.tf").write_text("".join(part(number) for number in group))
    return folder


def part(number: int) -> str:
    """A private subnet with its table, a service behind the load balancer, and the database that it is told of."""
    return f"""
resource "aws_subnet" "s{number}" {{
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 16, {number})
  availability_zone = "eu-west-1{'abc'[number % 3]}"
}}

resource "aws_route_table" "t{number}" {{
  vpc_id = aws_vpc.main.id
  route {{
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.main[{number % 3}].id
  }}
}}

resource "aws_route_table_association" "a{number}" {{
  subnet_id      = aws_subnet.s{number}.id
  route_table_id = aws_route_table.t{number}.id
}}

resource "aws_lb_listener_rule" "r{number}" {{
  listener_arn = aws_lb_listener.main.arn
  action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.x{number}.arn
  }}
}}

resource "aws_security_group" "g{number}" {{
  vpc_id = aws_vpc.main.id
  ingress {{
    from_port       = 8000
    to_port         = 8000
    protocol        = "tcp"
    security_groups = [aws_security_group.lb.id]
  }}
  egress {{
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}

resource "aws_security_group" "h{number}" {{
  vpc_id = aws_vpc.main.id
  ingress {{
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.g{number}.id]
  }}
}}

resource "aws_lb_target_group" "x{number}" {{
  port     = 8000
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id
}}

resource "aws_ecs_task_definition" "d{number}" {{
  family             = "app{number}"
  network_mode       = "awsvpc"
  cpu                = 256
  memory             = 512
  execution_role_arn = "arn:aws:iam::123456789012:role/execution"
  container_definitions = jsonencode([{{
    name         = "app"
    image        = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1.4.2"
    portMappings = [{{ containerPort = 8000 }}]
    environment  = [{{ name = "DB_HOST", value = aws_db_instance.b{number}.address }}]
    logConfiguration = {{
      logDriver = "awslogs"
      options   = {{ "awslogs-group" = "/app", "awslogs-region" = "eu-west-1", "awslogs-stream-prefix" = "app" }}
    }}
  }}])
}}

resource "aws_ecs_service" "e{number}" {{
  name            = "app{number}"
  task_definition = aws_ecs_task_definition.d{number}.arn
  launch_type     = "FARGATE"
  deployment_circuit_breaker {{
    enable   = true
    rollback = true
  }}
  network_configuration {{
    subnets         = [aws_subnet.s{number}.id]
    security_groups = [aws_security_group.g{number}.id]
  }}
  load_balancer {{
    target_group_arn = aws_lb_target_group.x{number}.arn
    container_name   = "app"
    container_port   = 8000
  }}
}}

resource "aws_db_instance" "b{number}" {{
  engine                 = "postgres"
  engine_version         = "16.3"
  storage_encrypted      = true
  backup_retention_period = 7
  db_subnet_group_name   = aws_db_subnet_group.main.name
  parameter_group_name   = aws_db_parameter_group.tls.name
  vpc_security_group_ids = [aws_security_group.h{number}.id]
}}
"""


def facts(name: str, resources: int) -> float:
    """CPU seconds that facts and the rules of the default profile cost, less one rule that asks nothing."""
    folder = network(name, resources)
    with_facts, _, peak = measure(folder, 1, ())
    without, _, _ = measure(folder, 1, ONE_RULE)
    cost = with_facts - without
    print(f"{name:<18} {cost * 1000:8.1f} ms CPU for facts, {without * 1000:8.1f} ms before {peak:7.1f} MiB")
    return cost


def measure(folder: Path, threads: int, options: tuple[str, ...]) -> tuple[float, float, float]:
    """Least CPU seconds, least wall seconds, and peak MiB of several runs."""
    cpu, wall, peak = [], [], []
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.Popen(
            [BINARY, "check", str(folder), "--root", str(folder), "-qq", "--threads", str(threads), "--fail-on", "never", *options]
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"secure-lint failed on {folder}")
        cpu.append(usage.ru_utime + usage.ru_stime)
        wall.append(time.perf_counter() - start)
        peak.append(usage.ru_maxrss / 1024)
    return min(cpu), min(wall), max(peak)


def told_of_wall(folder: Path) -> float:
    """The part of the wall time that the phases of `--timings` make up, in the quickest of several runs."""
    runs = []
    for _ in range(RUNS):
        start = time.perf_counter()
        command = [BINARY, "check", str(folder), "--root", str(folder), "-qq", "--timings", "--fail-on", "never"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        wall = time.perf_counter() - start
        whole = next(line for line in told.splitlines() if line.startswith("all "))
        runs.append((wall, float(whole.split()[1]) / 1000 / wall))
    return min(runs)[1]


def main() -> None:
    missed = []

    def line(
        name: str, folder: Path, cpu_limit: float | None, memory_limit: float | None, options: tuple[str, ...] = ()
    ) -> float:
        cpu, wall, peak = measure(folder, 1, options)
        _, wall_two, _ = measure(folder, 2, options)
        print(f"{name:<18} {cpu * 1000:8.1f} ms CPU {wall * 1000:8.1f} ms wall {wall_two * 1000:8.1f} ms on two {peak:7.1f} MiB")
        if cpu_limit and cpu > cpu_limit:
            missed.append(f"{name}: {cpu * 1000:.0f} ms CPU, at most {cpu_limit * 1000:.0f}")
        if memory_limit and peak > memory_limit:
            missed.append(f"{name}: {peak:.0f} MiB, at most {memory_limit:.0f}")
        return cpu

    start = line("start-up", tree("empty", 0), 0.010, 25)
    line("200 files", tree("small", 200), 0.100, None)
    told = told_of_wall(WORK / "small")
    print(f"--timings tells {told:.0%} of the wall time")
    if not 0.9 <= told <= 1.1:
        missed.append(f"--timings tells {told:.0%} of the wall time, at least 90%")
    line("5,000 files", tree("large", 5000), 1.0, 300)
    line("1,000 roles", identities("identities", 1000, 20), 1.0, None)
    one = line("1,000 files (1x)", tree("one", 1000), None, None) - start
    eight = line("8,000 files (8x)", tree("eight", 8000), None, None) - start
    print(f"growth from 1x to 8x: {eight / one:.2f}")
    if eight / one > 8 * 1.15:
        missed.append(f"cost grows {eight / one:.2f} times from 1x to 8x, at most {8 * 1.15:.2f}")
    folder, n_bytes = terraform(40)
    rate = n_bytes / 1e6 / (line("Terraform", folder, None, None, ONE_RULE) - start)
    print(f"Terraform from bytes to model: {rate:.1f} MB/s")
    if rate < 20:
        missed.append(f"Terraform at {rate:.1f} MB/s, at least 20")
    few = line("100 modules (1x)", instances("few", 100), None, None, ONE_RULE) - start
    many = line("800 modules (8x)", instances("many", 800), None, None, ONE_RULE) - start
    print(f"growth from 1x to 8x instances of a module: {many / few:.2f}")
    if many / few > 8 * 1.15:
        missed.append(f"cost grows {many / few:.2f} times from 1x to 8x instances, at most {8 * 1.15:.2f}")
    for name, make, count in (("workflows", workflows, 1800), ("Dockerfiles", dockerfiles, 1500)):
        quarter = line(f"{count // 4:,} {name}", make(f"quarter-{name}", count // 4), None, None) - start
        whole = line(f"{count:,} {name}", make(f"whole-{name}", count), 0.5, 60) - start
        print(f"growth from 1x to 4x {name}: {whole / quarter:.2f}")
        if whole / quarter > 4 * 1.15:
            missed.append(f"cost grows {whole / quarter:.2f} times from 1x to 4x {name}, at most {4 * 1.15:.2f}")
    small = facts("2,000 resources", 2000)
    double = facts("4,000 resources", 4000)
    print(f"growth from 1x to 2x resources: {double / small:.2f}")
    if small > 0.050:
        missed.append(f"facts over 2,000 resources: {small * 1000:.0f} ms CPU, at most 50")
    if double / small > 2 * 1.25:
        missed.append(f"facts grow {double / small:.2f} times from 1x to 2x, at most 2.50")
    for text in missed:
        print(f"missed: {text}")
    sys.exit(bool(missed))


main()

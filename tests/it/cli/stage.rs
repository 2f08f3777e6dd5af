//! A folder of its own for each test, below the target folder, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A task definition with one fault: line 6, column 21.
pub(crate) const FAULTY: &str = r#"{
  "family": "app",
  "containerDefinitions": [
    {
      "name": "agent",
      "privileged": true,
      "image": "registry.example.com/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    }
  ]
}
"#;

/// Terraform with the same fault, where comments may stand.
pub(crate) const FAULTY_TF: &str = r#"resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name       = "agent"
    image      = "registry.example.com/agent:1.4.2"
    privileged = true
  }])
}
"#;

/// The rule that the faults above break; tests select it alone, so that a new rule changes none of them.
pub(crate) const RULE: &str = "privileged-container";

pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
}

pub(crate) struct Played {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Stage {
    /// An empty folder that is the top of a repository for the program, without git.
    pub(crate) fn new(name: &str) -> Stage {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).expect("the old stage can be removed");
        }
        std::fs::create_dir_all(&folder).expect("the stage can be made");
        Stage { folder: folder.canonicalize().expect("the stage is there") }
    }

    pub(crate) fn with(self, path: &str, text: &str) -> Stage {
        self.write(path, text);
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.join(path)).expect("the file can be read")
    }

    /// Runs the program in the stage, at its root, with nothing of the outer environment that could matter.
    pub(crate) fn run(&self, arguments: &[&str]) -> Played {
        self.run_in(".", arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Played {
        self.run_in(".", arguments, environment)
    }

    pub(crate) fn run_in(&self, folder: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Played {
        let output = self.command(folder, arguments, environment).output().expect("the program runs");
        Played {
            code: output.status.code().expect("the program ends by itself"),
            out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("the notes are UTF-8"),
        }
    }

    pub(crate) fn command(&self, folder: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secure-lint"));
        command
            .args(arguments)
            .current_dir(self.folder.join(folder))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// The rule of the stage's faults alone, in this stage.
    pub(crate) fn check(&self, arguments: &[&str]) -> Played {
        let mut all = vec!["check", "--root", ".", "--select", RULE];
        all.extend(arguments);
        self.run(&all)
    }

    /// git in the stage, with a fixed author.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.folder)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"])
            .args(["-c", "init.defaultBranch=main"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }
}

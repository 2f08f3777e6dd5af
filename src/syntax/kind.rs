//! What a file is, by its name and its content. Wrong guesses are cheap in one direction only: a foreign JSON or YAML
//! file must cost next to nothing, a file of ours must not be missed for its name.

use crate::source::SourceFile;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `.tf`, `.tofu`.
    Terraform,
    /// `.tf.json`, `.tofu.json`.
    TerraformJson,
    /// `.tfvars`, `.tfbackend`: attributes only.
    Tfvars,
    TfvarsJson,
    /// `.terraform.lock.hcl`.
    LockFile,
    /// Terraform's state, of which only the existence counts.
    StateFile,
    Workflow,
    /// `action.yml` of a composite, Docker or JavaScript action.
    Action,
    Dependabot,
    PreCommit,
    Compose,
    Dockerfile,
    DockerIgnore,
    /// A task definition, bare or as `describe-task-definition` prints it.
    TaskDefinition,
    /// A policy or trust document of IAM.
    Policy,
    Requirements,
    EnvFile,
    ShellScript,
    /// `secure-lint.toml`.
    Config,
    Other,
}

impl Kind {
    /// The name that reports count the files of this kind under; nothing for what nobody asks for.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Kind::Terraform | Kind::TerraformJson | Kind::Tfvars | Kind::TfvarsJson => Some("terraform"),
            Kind::Workflow => Some("workflow"),
            Kind::Action => Some("action"),
            Kind::Dockerfile => Some("dockerfile"),
            Kind::TaskDefinition => Some("task-definition"),
            Kind::Policy => Some("policy"),
            Kind::Dependabot | Kind::PreCommit | Kind::Compose => Some("configuration"),
            Kind::LockFile
            | Kind::StateFile
            | Kind::DockerIgnore
            | Kind::Requirements
            | Kind::EnvFile
            | Kind::ShellScript
            | Kind::Config
            | Kind::Other => None,
        }
    }
}

pub fn kind_of(file: &SourceFile) -> Kind {
    let name = file.name();
    if name.starts_with(".#") || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#')) {
        return Kind::Other;
    }
    by_name(&file.path, name).unwrap_or_else(|| by_content(file))
}

fn by_name(path: &str, name: &str) -> Option<Kind> {
    let lower = name.to_ascii_lowercase();
    let ends = |ending: &str| lower.ends_with(ending);
    let is_yaml = ends(".yml") || ends(".yaml");
    let kind = if name == ".terraform.lock.hcl" {
        Kind::LockFile
    } else if ends(".tftest.hcl") || ends(".tftest.json") || ends(".tofutest.hcl") || ends(".tofutest.json") {
        Kind::Other
    } else if ends(".tf") || ends(".tofu") {
        Kind::Terraform
    } else if ends(".tf.json") || ends(".tofu.json") {
        Kind::TerraformJson
    } else if ends(".tfvars") || ends(".tfbackend") {
        Kind::Tfvars
    } else if ends(".tfvars.json") {
        Kind::TfvarsJson
    } else if lower.contains(".tfstate") {
        Kind::StateFile
    } else if is_yaml && in_workflows(path) {
        Kind::Workflow
    } else if lower == "action.yml" || lower == "action.yaml" {
        Kind::Action
    } else if is_yaml && path.ends_with(&format!(".github/{name}")) && lower.starts_with("dependabot.") {
        Kind::Dependabot
    } else if lower == ".pre-commit-config.yaml" || lower == ".pre-commit-config.yml" {
        Kind::PreCommit
    } else if is_yaml && (lower.starts_with("docker-compose") || lower.starts_with("compose")) {
        Kind::Compose
    } else if ends(".dockerignore") {
        Kind::DockerIgnore
    } else if is_dockerfile(&lower) {
        Kind::Dockerfile
    } else if ends(".txt") && lower.contains("requirements") {
        Kind::Requirements
    } else if lower == ".env" || lower.starts_with(".env.") || (ends(".env") && !is_yaml) {
        Kind::EnvFile
    } else if ends(".sh") || ends(".bash") {
        Kind::ShellScript
    } else if name == "secure-lint.toml" {
        Kind::Config
    } else if ends(".json") || is_yaml {
        return None;
    } else {
        Kind::Other
    };
    Some(kind)
}

/// Directly in a `.github/workflows` folder; sub-folders are not read by GitHub.
fn in_workflows(path: &str) -> bool {
    let folder = crate::source::parent_of(path);
    folder == ".github/workflows" || folder.ends_with("/.github/workflows")
}

fn is_dockerfile(lower: &str) -> bool {
    let is_source =
        [".rs", ".py", ".go", ".js", ".ts", ".md", ".json", ".yml", ".yaml", ".dockerignore", ".toml", ".sh"];
    if is_source.iter().any(|ending| lower.ends_with(ending)) {
        return false;
    }
    ["dockerfile", "containerfile"].iter().any(|word| {
        lower == *word
            || lower.strip_suffix(word).is_some_and(|rest| rest.ends_with(['.', '-', '_']))
            || lower.strip_prefix(word).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
    })
}

/// Shapes of JSON and YAML documents that no name tells. The words are looked for in the text before anything is
/// parsed; a match is confirmed by whoever reads the tree.
fn by_content(file: &SourceFile) -> Kind {
    let Some(text) = file.text() else { return Kind::Other };
    if text.contains("ontainerDefinitions") {
        return Kind::TaskDefinition;
    }
    let is_json = file.name().ends_with(".json");
    if is_json && text.contains("\"Statement\"") && text.contains("\"Effect\"") {
        return Kind::Policy;
    }
    Kind::Other
}

#[cfg(test)]
mod tests {
    use super::{Kind, kind_of};
    use crate::source::{Content, WorldBuilder};

    fn check(path: &str, text: &str, expected: Kind) {
        let mut builder = WorldBuilder::default();
        builder.add(path, Content::Text(text.to_owned()), true);
        let world = builder.build();
        let (_, file) = world.files().next().expect("one file");
        assert_eq!(kind_of(file), expected, "{path}");
    }

    #[test]
    fn by_name() {
        check("infra/main.tf", "", Kind::Terraform);
        check("infra/main.tf.json", "{}", Kind::TerraformJson);
        check("prod.auto.tfvars.json", "{}", Kind::TfvarsJson);
        check(".github/workflows/ci.yaml", "", Kind::Workflow);
        check(".github/workflows/old/ci.yaml", "", Kind::Other);
        check("app/dockerfile", "", Kind::Dockerfile);
        check("app/Dockerfile.prod", "", Kind::Dockerfile);
        check("app/web.Dockerfile", "", Kind::Dockerfile);
        check("dockerfile.go", "", Kind::Other);
        check("app/.dockerignore", "", Kind::DockerIgnore);
        check("terraform.tfstate.backup", "", Kind::StateFile);
    }

    #[test]
    fn by_shape() {
        check("deploy/app.json", r#"{"containerDefinitions": []}"#, Kind::TaskDefinition);
        check("deploy/p.json", r#"{"Statement": [{"Effect": "Allow"}]}"#, Kind::Policy);
        check("package.json", "{}", Kind::Other);
    }
}

//! Secrets, parameters, variables and where secrets end up.

use super::data::Key;
use super::identity::Policy;
use super::image::ImageBuild;
use super::pipeline::{Job, Step, Workflow};
use super::workload::Container;
use super::{entities, views};

entities! { in secret;
    /// A secret of Secrets Manager.
    Secret "secret" secrets {
        name: Text,
        /// What a version that is declared here puts into it.
        content as "value": Raw,
        key: One<Key>,
        policy: One<Policy>,
    }

    /// A parameter of Systems Manager.
    Parameter "parameter" parameters {
        name: Text,
        kind as "type": Word["String", "StringList", "SecureString"],
        content as "value": Raw,
        key: One<Key>,
    }

    /// What a container takes from a secret or a parameter when it starts.
    SecretReference "secret_reference" secret_references {
        name: Text,
        value_from: Text,
        /// The key inside a secret that holds a JSON object.
        json_key: Text,
        container: One<Container>,
        source: One<SecretSource>,
    }

    /// An entry of an environment.
    Variable "variable" variables {
        name: Text,
        content as "value": Raw,
        set_in: Word["image", "task", "function", "file", "workflow", "job", "step"],
        container: One<Container>,
        /// Whether name and value both say that a secret stands here in clear.
        is_literal_secret: Flag,
        image_build: One<ImageBuild>,
        /// Whether a workflow puts a secret into it.
        comes_from_secret: Flag = false,
        workflow: One<Workflow>,
        job: One<Job>,
        step: One<Step>,
    }

    /// An attribute of a resource that can only hold a secret; and a plain parameter or an output, which may hold one.
    SecretAttribute "secret_attribute" secret_attributes {
        attribute: Text,
        sink: Word["attribute", "parameter", "output"] = "attribute",
        content as "value": Raw,
        /// Whether the same can be had without the secret in the state: a managed password, a write-only attribute.
        has_other_way: Flag = false,
        /// The provider takes it and never writes it to state.
        is_write_only: Flag = false,
    }

    /// A text of the form of a known credential, in any file that is read.
    SecretLiteral "secret_literal" secret_literals {
        /// What it is: `a GitHub token`.
        kind: Text,
        /// A key of a test mode, or the example of the documentation.
        is_example: Flag = false,
        /// Whether it stands in a workflow or an action.
        in_workflow: Flag = false,
    }

    /// A setting of an application or of nginx that a literal decides, or that is missing.
    Setting "setting" settings {
        /// As the framework calls it; `BROKER_URL` and `DATABASE_TLS` for what goes by several names. A
        /// `SECURE_PROXY_SSL_HEADER` stands where plain requests are redirected: weak if no proxy is believed.
        name: Text,
        content as "value": Raw,
        kind: Word["django", "nginx"],
        path: Text,
        /// Whether it is what one would warn about: a key that is written down, debug mode, any host, no TLS.
        is_weak: Flag,
    }

    /// A file of environment variables: `.env`, `prod.env`.
    EnvFile "env_file" env_files {
        path: Text,
        /// Its name says that it is a pattern to copy (`.env.example`), or its folder that tests read it.
        is_template: Flag = false,
        variables: Many<Variable>,
    }

    /// A state of Terraform that lies in the tree.
    StateFile "state_file" state_files {
        path: Text,
        has_resources: Flag,
    }
}

views! {
    /// What a secret reference may name.
    SecretSource "secret_source" { Secret, Parameter }
}

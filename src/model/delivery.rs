//! What workflows bring about outside GitHub: images pushed, services deployed, Terraform run.

use super::entities;
use super::pipeline::{Credential, Job, Start, Step};

entities! { in delivery;
    /// A step or command that pushes an image.
    Push "push" pushes {
        /// The image without tag and digest, as far as it is known.
        target: Text,
        tags: Texts,
        /// Whether the tag stays with this build: a commit, a run, a full version.
        is_fixed: Flag,
        step: One<Step>,
        job: One<Job>,
        /// The runs in which it is pushed so.
        starts: Many<Start>,
    }

    /// What changes a service, or runs a task.
    Deployment "deployment" deployments {
        kind: Word["service", "task", "codedeploy", "stack"],
        source: Word["file", "rendered", "described", "registered"],
        service_name: Text,
        cluster_name: Text,
        /// The task definition that is deployed: a file, or a family.
        definition: Text,
        /// The committed file that it deploys unchanged.
        definition_file: Text,
        /// Whether a task that it starts gets a public address.
        assigns_public_ip: Flag = false,
        /// Whether the step itself waits.
        waits: Flag = false,
        step: One<Step>,
        job: One<Job>,
        /// The runs in which it is deployed so.
        starts: Many<Start>,
    }

    /// What a step puts into a task definition of the tree before that is deployed.
    Rendering "rendering" renderings {
        file: Text,
        /// The containers that it changes; all if it names none.
        container_names: Texts,
        /// The image that it puts in; absent where it edits the file as text.
        image: Text,
        /// What an editor of text looks for.
        pattern: Text,
        step: One<Step>,
        job: One<Job>,
    }

    /// A run of Terraform or OpenTofu.
    TerraformRun "terraform_run" terraform_runs {
        program: Text,
        verb: Text,
        directory: Text,
        var_files: Texts,
        /// Files among them that are not in the tree and nobody left out on purpose.
        missing_var_files: Texts,
        /// Whether its folder holds a configuration.
        root_exists: Flag,
        plan_in: Text,
        plan_out: Text,
        flags: Texts,
        workspace: Text,
        backend_settings: Entries,
        /// Whether it makes, changes or removes something, or edits the state.
        changes_state: Flag,
        /// Whether it goes on without asking.
        is_approved_in_advance: Flag = false,
        locks: Flag = true,
        step: One<Step>,
        job: One<Job>,
        credential: One<Credential>,
        /// The runs in which it goes so.
        starts: Many<Start>,
    }
}

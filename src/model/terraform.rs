//! Roots, backends, module calls, variables, outputs, variable files: what Terraform's own blocks say.

use super::data::{Bucket, Key};
use super::entities;

entities! { in terraform;
    /// A root module with one of its sets of variables.
    Root "root" roots {
        /// Its folder; `.` for the top of the tree.
        path: Text,
        required_version: Text,
        /// Nobody in the tree says with which values it runs: a module of its own.
        is_library: Flag = false,
        has_lock_file: Flag = false,
        /// The names of all sets of variables that it is evaluated with.
        var_sets: Texts,
        backend: One<Backend>,
        providers: Many<Provider>,
        provider_requirements: Many<ProviderRequirement>,
        module_calls: Many<ModuleCall>,
        input_variables: Many<InputVariable>,
        outputs: Many<Output>,
    }

    /// Where a root keeps its state, as a block says it.
    Backend "backend" backends {
        /// `s3`, `local`, `cloud`, …
        kind: Text,
        /// Whether the object is written encrypted on demand; the bucket's own default counts beside it.
        encrypted: Flag = false,
        bucket_name: Text,
        object_key: Text,
        /// Terraform's own lock in the bucket.
        use_lockfile: Flag = false,
        lock_table: Text,
        root: One<Root>,
        key: One<Key>,
        bucket: One<Bucket>,
    }

    /// A `module` block.
    ModuleCall "module_call" module_calls {
        source: Text,
        source_kind: Word["local", "registry", "git", "remote", "computed"],
        version: Text,
        root: One<Root>,
    }

    /// A provider's configuration.
    Provider "provider" providers {
        kind: Text,
        alias: Text,
        region: Text,
        profile: Text,
        access_key: Text,
        secret_key: Text,
        /// The accounts that it works in: those that it is bound to, or the one of the role that it assumes.
        account_ids: Texts,
        root: One<Root>,
    }

    /// An entry of `required_providers`.
    ProviderRequirement "provider_requirement" provider_requirements {
        source: Text,
        constraint: Text,
        root: One<Root>,
    }

    /// A `variable` block.
    InputVariable "input_variable" input_variables {
        /// As written: `string`, `list(string)`.
        type_text: Text,
        default: Raw,
        value: Raw,
        sensitive: Flag = false,
        ephemeral: Flag = false,
        nullable: Flag = true,
        root: One<Root>,
        tfvars_entries: Many<TfvarsEntry>,
    }

    /// An `output` block.
    Output "output" outputs {
        value: Raw,
        sensitive: Flag = false,
        ephemeral: Flag = false,
        root: One<Root>,
    }

    /// A value that a variable file, a command line or an environment gives.
    TfvarsEntry "tfvars_entry" tfvars_entries {
        variable_name: Text,
        value: Raw,
        /// A later source gives the variable another value.
        is_overridden: Flag = false,
        input_variable: One<InputVariable>,
        root: One<Root>,
    }

    /// Something that Terraform would refuse.
    TerraformError "terraform_error" terraform_errors {
        /// `undeclared-variable`, `wrong-type`, …
        code: Text,
        message: Text,
        root: One<Root>,
    }
}

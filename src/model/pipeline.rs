//! Workflows: what starts them, what their jobs run, hold and use, and what they say wrongly. What a job builds, pushes
//! and deploys is in `delivery`.

use super::delivery::Deployment;
use super::entities;
use super::identity::Policy;
use super::image::Command;

entities! { in pipeline at shared;
    /// A folder with `.github/workflows`, and what the configuration says of the repository.
    GithubRepository "github_repository" repositories {
        path: Text,
        /// `owner/name`.
        name: Text,
        visibility: Word["public", "private", "internal"],
        default_branch: Text,
        /// The ids that stand in immutable subjects of its tokens.
        owner_id: Number,
        repository_id: Number,
        /// What the subjects of its tokens look like: names, names with ids, or claims of its own choice.
        subject_form: Word["plain", "immutable", "custom"],
        /// The claims of a subject of its own.
        subject_keys: Texts,
        /// Owners whose actions are trusted like one's own.
        trusted_owners: Texts,
        /// Patterns of the only actions that may be used.
        allowed_actions: Texts,
        /// Patterns of actions that may not be used.
        denied_actions: Texts,
        workflows: Many<Workflow>,
        action_lock: One<ActionLock>,
        updates: Many<Update>,
        hooks: Many<Hook>,
        action_references: Many<ActionReference>,
    }

    /// One file in `.github/workflows`.
    Workflow "workflow" workflows {
        path: Text,
        name: Text,
        cache_mode: Word["read", "write", "write-only", "none"],
        /// Whether other workflows may call it.
        is_callable: Flag = false,
        /// Whether `actions.lock` speaks of it.
        is_onboarded: Flag = false,
        github_repository: One<GithubRepository>,
        triggers: Many<Trigger>,
        jobs: Many<Job>,
        permissions: Many<Permission>,
        concurrency: One<Concurrency>,
        /// The jobs that call it.
        callers: Many<Job>,
    }

    /// A member of `on`.
    Trigger "trigger" triggers {
        event: Text,
        /// Whether outsiders start it where secrets and a writing token are.
        is_privileged: Flag = false,
        workflow: One<Workflow>;
        rarely TriggerRarely {
            types: Texts,
            branches: Texts,
            branches_ignore: Texts,
            tags: Texts,
            tags_ignore: Texts,
            paths: Texts,
            /// The names that `workflow_run` waits for.
            workflows: Texts,
            crons: Texts,
            inputs: Entries,
        }
    }

    /// An input that whoever starts a run fills in.
    DispatchInput "dispatch_input" dispatch_inputs {
        name: Text,
        kind: Word["string", "choice", "boolean", "number", "environment"] = "string",
        options: Texts,
        /// Whether the name or the options ask for an approval.
        asks_for_approval: Flag = false,
        trigger: One<Trigger>,
        /// The jobs whose condition asks for it.
        guarded_jobs: Many<Job>,
    }

    /// A member of `jobs`.
    Job "job" jobs {
        id: Text,
        runs_on: Texts,
        /// Unknown where a label is not one of GitHub's.
        is_self_hosted: Flag = false,
        timeout_minutes: Number = 360,
        cache_mode: Word["read", "write", "write-only", "none"],
        /// The secrets that it names, its steps' included.
        secrets: Texts,
        /// Scope to level; `repository default` where no block speaks.
        effective_permission: Entries,
        workflow: One<Workflow>,
        steps: Many<Step>,
        starts: Many<Start>;
        rarely JobRarely {
            continue_on_error: Flag = false,
            inherits_secrets: Flag = false,
            matrix: Entries,
            with: Entries,
            outputs: Entries,
            needs: Many<Job>,
            callee: One<Workflow>,
            uses: One<Uses>,
            environment: One<Environment>,
            permissions: Many<Permission>,
            concurrency: One<Concurrency>,
            condition: One<Condition>,
            credentials: Many<Credential>,
            job_containers: Many<JobContainer>,
            deployments: Many<Deployment>,
        }
    }

    /// One way in which a job can begin.
    Start "start" starts {
        event: Text,
        /// Jobs with one number run together.
        begin: Number,
        /// `refs/heads/main`, or what is known of it.
        git_ref as "ref": Text,
        source: Word["base", "same", "fork"],
        who: Word["outsider", "merged", "reviewer", "writer", "platform"],
        controls: Word["code", "text", "artifact", "nothing"],
        /// Whether it runs with the default branch's secrets and token although others began it.
        is_trusted: Flag = false,
        /// Whether a condition that is not known stands in the way.
        maybe: Flag = false,
        job: One<Job>,
        trigger: One<Trigger>,
        /// The steps that run in it.
        steps: Many<Step>;
        rarely StartRarely {
            /// Whether a newer run of its group cancels it.
            is_cancelled: Flag = false,
            /// The jobs that call the job's workflow, outermost first.
            callers: Many<Job>,
        }
    }

    /// A member of `steps`.
    Step "step" steps {
        index: Number,
        id: Text,
        name: Text,
        with: Entries,
        job: One<Job>,
        uses: One<Uses>,
        run: One<Run>,
        condition: One<Condition>,
        /// The commands of its script, in order.
        commands: Many<Command>;
        rarely StepRarely {
            shell: Text,
            working_directory: Text,
            continue_on_error: Flag = false,
            background: Flag = false,
            /// The folders whose content it executes.
            executes: Texts else [],
            /// Whether the failure of a plan, test or scan in it goes unnoticed.
            fails_quietly: Flag = false,
            /// Whether it leaves the job's token in the folder of git.
            keeps_token: Flag = false,
            /// The caches in registries that a build reads.
            cache_from: Texts,
            /// The caches in registries that a build writes.
            cache_to: Texts,
            /// Whether it merges or approves a pull request.
            merges: Flag = false,
            /// Whether it puts a release, package or image before others.
            publishes: Flag = false,
            /// Whether it does so with a long-lived token, where trusted publishing exists.
            publishes_with_token: Flag = false,
            /// The action by which it restores a cache, and saves one unless told otherwise.
            cache: Text,
            /// Whether it uploads the folder in which the job's token lies.
            uploads_token: Flag = false,
            /// Whether it uploads a state, or a plan that nobody applies.
            publishes_state: Flag = false,
            /// Whether it puts an image into a task definition that no step names.
            renders_empty_image: Flag = false,
            /// Whether it gives the run's outcome to somebody who looks at it.
            outcome_is_read: Flag = false,
            credentials: Many<Credential>,
            artifacts: Many<Artifact>,
        }
    }

    /// Code or files of others that a step brings into a job, in one of the ways it starts.
    Arrival "arrival" arrivals {
        kind: Word["code", "artifact"],
        /// Who decided what it holds.
        control: Word["outsider", "merged", "reviewer", "writer", "platform"],
        /// Whether it may differ from what somebody approved.
        is_mutable: Flag = false,
        /// Whether the checkout refuses the code of forks here.
        guard: Word["present", "absent", "unread", "off"],
        /// Whether forks are let in on purpose.
        lets_forks_in: Flag = false,
        folder: Text,
        step: One<Step>,
        start: One<Start>,
    }

    /// A `uses` of a step or job.
    Uses "uses" uses {
        kind: Word["action", "reusable", "workspace", "self", "docker"],
        owner: Text,
        repo: Text,
        path: Text,
        git_ref as "ref": Text,
        pin: Word["commit", "locked", "version", "branch", "short-commit", "none", "digest", "image-tag", "image-latest",
            "local"],
        /// The version that the ref, the comment or the lock names.
        version: Text,
        trusted_owner: Flag = false,
        /// Whether its owner has closed the repository.
        is_archived: Flag = false,
        /// Whether the configuration does not let it in.
        is_forbidden: Flag = false,
        /// `owner/repo/path@ref`, as written.
        text: Text,
        step: One<Step>,
        job: One<Job>,
        reference: One<ActionReference>;
        rarely UsesRarely {
            /// The text of the comment behind it.
            comment: Text,
            locked_commit: Text,
            /// Whether the lock speaks of its workflow and not of it: the run is refused.
            is_missing_in_lock: Flag = false,
            /// What the action runs on, where it is known to be gone from the runners.
            retired_runtime: Text,
            /// The version that the comment behind a commit names.
            comment_version: Text,
            /// Whether that commit is known to be no release of that version.
            comment_is_wrong: Flag = false,
            /// A published weakness of this version.
            advisory: Text,
            /// The popular action whose name it is a letter off.
            lookalike_of: Text,
            /// What it takes when it runs that its own pin does not fix.
            mutable_part: Text,
            /// The input that would say which version of a tool it installs, where it is the newest.
            floating_tool: Text,
            /// Whether a checkout refuses the code of forks.
            checkout_guard: Word["present", "absent", "unread"],
            /// Whether it installs whatever version is the latest.
            installs_latest: Flag = false,
            /// Whether it leaves the job's token on the disk, and nothing behind it needs it there.
            leaves_token: Flag = false,
            action: One<Action>,
        }
    }

    /// One action or callee of another repository at one ref, with all its uses in this repository.
    ActionReference "action_reference" action_references {
        owner: Text,
        repo: Text,
        git_ref as "ref": Text,
        uses: Many<Uses>,
        github_repository: One<GithubRepository>,
    }

    /// An `action.yml` of this repository.
    Action "action" actions {
        path: Text,
        kind: Word["composite", "node", "docker"],
        runtime: Text,
        inputs: Entries,
        outputs: Entries,
        uses: Many<Uses>,
        runs: Many<Run>,
    }

    /// The script of a step.
    Run "run" runs {
        script: Text,
        shell: Word["bash", "bash-default", "sh", "pwsh", "powershell", "cmd", "python", "other"],
        directory: Text,
        step: One<Step>;
        rarely RunRarely {
            /// Whether the end of a plan, test or build is lost in a pipe.
            pipe_hides_failure: Flag = false,
            /// Whether it takes Terraform's output through a wrapper that adds to it.
            captures_through_wrapper: Flag = false,
            /// Whether it writes long-lived keys to the disk.
            stores_keys: Flag = false,
            /// Whether it passes a password as an argument.
            passes_password: Flag = false,
            /// Whether it opens a shell to another host.
            opens_reverse_shell: Flag = false,
            /// Whether it makes a key for a user of IAM.
            creates_access_key: Flag = false,
            /// Whether it installs packages, or runs a script that it downloads.
            runs_fetched_code: Flag = false,
            /// Whether it speaks to the runner in a way that no longer works or soon will not.
            uses_retired_command: Flag = false,
            /// Whether an outsider's text may set any variable of later steps.
            lets_outsider_set_variables: Flag = false,
            /// Whether the exit code of a plan is asked of the shell, behind a wrapper that changes it.
            loses_exit_code: Flag = false,
            /// Whether it installs packages that no lock file names.
            installs_unlocked: Flag = false,
            /// Whether it prints a secret.
            prints_secret: Flag = false,
            /// Whether it sends a secret to a host that is not known to take any.
            sends_secret: Flag = false,
            /// Whether an outsider's text is run as a command.
            runs_outsider_command: Flag = false,
            /// Whether an outsider's text may be taken for an option.
            lets_outsider_add_options: Flag = false,
            /// Whether an outsider's text decides which host is asked.
            lets_outsider_pick_host: Flag = false,
            /// Whether an outsider's text may write further outputs.
            lets_outsider_forge_outputs: Flag = false,
            /// Whether an outsider chooses where later steps look for programs.
            lets_outsider_extend_path: Flag = false,
            expansions: Many<Expansion>,
        }
    }

    /// An expression at a place where its value becomes code, an option or a file.
    Expansion "expansion" expansions {
        expression: Text,
        sink: Word["run", "evaluated-input", "agent-prompt", "arguments", "other"],
        /// The one with most reach who can put something into it.
        control: Word["closed", "platform", "writer", "reviewer", "merged", "outsider"],
        charset: Word["enum", "number", "hex", "name", "url", "email", "path", "ref", "line", "text"],
        /// Whether its value can leave the place where it stands.
        can_inject: Flag,
        /// Whether this happens where the job holds more than a fork's own run.
        in_trusted_run: Flag,
        /// Whether an outsider decides it in a run of a fork's pull request, which holds nothing.
        outsider_in_fork_run: Flag = false,
        /// What the value came from.
        source: Text,
        /// Whether the value is decided by another step, job, caller or setting, and is no plain number or name.
        is_indirect: Flag = false,
        /// Whether all secrets, or one chosen at run time, go into it.
        takes_all_secrets: Flag = false,
        /// Whether it computes something from a secret that the log does not mask.
        derives_from_secret: Flag = false,
        /// Whether the value of a condition's first branch is lost because it counts as false.
        loses_value: Flag = false,
        run: One<Run>,
        step: One<Step>,
        job: One<Job>,
    }

    /// One scope of a `permissions` block.
    Permission "permission" permissions {
        scope: Text,
        level: Word["none", "read", "write"],
        set_in: Word["workflow", "job"],
        /// Whether the whole block is one word: `write-all` or `read-all`.
        is_for_all: Flag = false,
        workflow: One<Workflow>,
        job: One<Job>,
    }

    /// The environment of a job.
    Environment "environment" environments {
        name: Text,
        url: Text,
        job: One<Job>,
    }

    /// The concurrency group of a workflow or job.
    Concurrency "concurrency" concurrencies {
        group: Text,
        cancel_in_progress: Flag = false,
        queue_limit: Text,
        workflow: One<Workflow>,
        job: One<Job>,
    }

    /// An `if`.
    Condition "condition" conditions {
        text: Text,
        job: One<Job>,
        step: One<Step>;
        rarely ConditionRarely {
            /// Whether it is a text around an expression, which is never empty.
            is_always_true: Flag = false,
            /// Whether nothing that a run decides is in it.
            is_constant: Flag = false,
            /// Whether it looks for a ref or a name in a text that holds several, so that parts of them pass too.
            matches_substrings: Flag = false,
            /// Whether it trusts the last actor to be a bot.
            trusts_last_actor: Flag = false,
            /// Whether it asks for a label.
            asks_for_label: Flag = false,
            /// Whether it asks what a comment says.
            asks_for_comment: Flag = false,
            /// Whether it lets only members of the project pass.
            asks_for_membership: Flag = false,
        }
    }

    /// An image that a job runs: its container, a service, a `docker://` step.
    JobContainer "job_container" job_containers {
        kind: Word["container", "service", "step"],
        image: Text,
        /// How the image is named: by digest, by a tag, by `latest` or none.
        pin: Word["digest", "tag", "latest", "none"],
        options: Text,
        ports: Texts,
        has_literal_password: Flag = false,
        job: One<Job>,
    }

    /// What a job holds that opens something: a key, a role, a login.
    Credential "credential" credentials {
        kind: Word["secret", "oidc_role", "chained_role", "static_keys", "ambient", "registry", "app_token", "other_cloud"],
        scope: Word["workflow", "job", "step"],
        /// From this step of the job on.
        from_step: Number,
        role_reference: Text,
        audience: Text = "sts.amazonaws.com",
        duration: Number = 3600,
        region: Text,
        account_ids: Texts,
        /// Whether long-lived keys stand beside the role.
        has_keys_beside: Flag = false,
        /// Whether what it gets is handed on in outputs, for the log and other jobs to see.
        is_output: Flag = false,
        session_name: Text,
        /// The policy that bounds the session, as the login writes it.
        session_policy: One<Policy>,
        /// The ARNs of policies that bound it, too.
        session_policy_arns: Texts,
        /// Whether an app's token reaches further or lives longer than a job needs.
        is_wide: Flag = false,
        /// Whether neither the role nor the step says which account it is in.
        account_is_open: Flag = false,
        /// False where everything that uses the keys talks to another endpoint.
        is_for_aws: Flag = true,
        job: One<Job>,
        step: One<Step>,
    }

    /// An upload or a download.
    Artifact "artifact" artifacts {
        name: Text,
        paths: Texts,
        is_upload: Flag,
        includes_hidden: Flag = false,
        /// Whether it comes from another run.
        from_other_run: Flag = false,
        step: One<Step>,
        job: One<Job>,
    }

    /// `.github/workflows/actions.lock`.
    ActionLock "action_lock" action_locks {
        version: Text,
        /// Key of an action to its commit.
        entries: Entries,
        github_repository: One<GithubRepository>,
    }

    /// A row of `actions.lock`.
    LockEntry "lock_entry" lock_entries {
        kind: Word["dependency", "workflow"],
        key: Text,
        commit: Text,
        /// Whether the workflows say something else, or are gone.
        is_stale: Flag = false,
        github_repository: One<GithubRepository>,
    }

    /// An entry of `dependabot.yml`.
    Update "update" updates {
        ecosystem: Text,
        directories: Texts,
        has_cooldown: Flag = false,
        runs_external_code: Flag = false,
        github_repository: One<GithubRepository>,
    }

    /// A repository of pre-commit hooks.
    Hook "hook" hooks {
        url: Text,
        rev: Text,
        /// Whether the owner has closed the repository.
        is_archived: Flag = false,
        github_repository: One<GithubRepository>,
    }

    /// Something that GitHub refuses or never uses: a misspelt key, a value of another type, an unknown name.
    Oddity "oddity" oddities {
        kind: Word["misspelt-key", "unknown-key", "duplicate-key", "missing-key", "wrong-type", "expression-syntax",
            "unknown-scope", "unknown-event", "filter", "unknown-need", "cyclic-need", "unknown-property",
            "unavailable-context", "unknown-output", "unknown-matrix", "malformed-id", "malformed-variable",
            "dispatch-input", "retired-runner", "unknown-label", "wrong-shell", "unused-row", "lost-zero",
            "unknown-input", "missing-input", "deprecated-input", "call-mismatch", "missing-shell",
            "action-metadata"],
        name: Text,
        /// What was probably meant.
        nearest: Text,
        /// What GitHub says to it.
        message: Text,
        workflow: One<Workflow>,
        job: One<Job>,
    }
}

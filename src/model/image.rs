//! What is built: images, stages, instructions, the commands that run while they are built or started, repositories.

use super::delivery::Push;
use super::entities;
use super::pipeline::{Job, Run, Step};
use super::secret::Variable;
use super::workload::Container;

entities! { in image at shared;
    /// One image that a Dockerfile becomes: the file, its target, its arguments.
    ImageBuild "image_build" image_builds {
        file: Text,
        target: Text,
        /// The folder whose files the build sees.
        context: Text,
        /// Whether the context is what is committed, not a folder on disk.
        is_git_context: Flag = false,
        /// Whether the chain has a USER.
        sets_user: Flag,
        /// Whether it is known what the external base of the chain brings along.
        base_is_known: Flag,
        /// The user that the chain ends with, or that the base starts with, without the group.
        user: Text,
        /// Whether the base starts as root and its entrypoint gives root up.
        base_gives_root_up: Flag,
        /// The instruction that starts the process: ENTRYPOINT, CMD, or the target's FROM.
        process: Text,
        process_form: Word["exec", "shell"],
        entrypoint: Texts,
        command_line: Texts,
        /// Whether the signal that stops the container reaches the server, as the image is written.
        process_gets_signal: Flag,
        /// Whether the script that starts the process gives its place to the server; true where no script does.
        script_hands_over: Flag = true,
        /// Whether `curl`, `wget` and `nc` are there, each by name.
        tools: Texts,
        /// Files with a workflow's secret that a step writes into the context and a COPY takes.
        written_secrets: Texts,
        /// Whether CMD or a task's command is lost behind an ENTRYPOINT in shell form.
        loses_command: Flag = false,
        exposes: Texts,
        /// The names that the build gives it: `-t` and `tags`.
        tags: Texts,
        healthcheck: Word["absent", "none", "command"],
        platforms: Texts,
        stages: Many<Stage>,
        target_stage: One<Stage>,
        containers: Many<Container>,
        pushes: Many<Push>,
        variables: Many<Variable>,
        build_arguments: Many<BuildArgument>,
        step: One<Step>,
        job: One<Job>,
    }

    /// A FROM with its instructions.
    Stage "stage" stages {
        /// In lower case.
        name: Text,
        platform: Text,
        is_from_scratch: Flag,
        /// What the target makes of it: it is FROM it, copies from it, or neither.
        closure: Word["chain", "reached", "unused"],
        /// Whether an earlier stage has the same name.
        repeats_name: Flag,
        /// Whether its FROM names one platform for all.
        names_one_platform: Flag = false,
        /// Whether its FROM asks for the platform that it gets anyway.
        repeats_target_platform: Flag = false,
        /// Whether its name is written with capitals.
        name_has_capitals: Flag = false,
        /// Keywords that are written in another case than the others of the file.
        odd_keywords: Texts,
        /// Variables of its FROM that nothing declares.
        undeclared_arguments: Texts,
        image_build: One<ImageBuild>,
        base_image: One<Image>,
        base_stage: One<Stage>,
        instructions: Many<Instruction>,
    }

    /// An image, wherever one is named.
    Image "image" images {
        /// As written, variables replaced.
        text: Text,
        registry: Text,
        path: Text,
        tag: Text,
        digest: Text,
        repository: One<Repository>,
    }

    /// One instruction of a stage.
    Instruction "instruction" instructions {
        keyword: Word["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
            "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"],
        flags: Entries,
        arguments: Texts,
        form: Word["exec", "shell", "heredoc"],
        is_last_of_kind: Flag,
        stage: One<Stage>,
        commands: Many<Command>;
        rarely InstructionRarely {
            /// Whether it comes from an ONBUILD of the parent.
            from_onbuild: Flag = false,
            /// Whether the keyword that ONBUILD wraps is one that it must not wrap.
            wraps_forbidden: Flag = false,
            /// Ports of EXPOSE that no port can be.
            impossible_ports: Texts else [],
            /// Ports of EXPOSE with an address, a mapping or an upper-case protocol.
            malformed_ports: Texts else [],
            /// The single ports of EXPOSE, ranges written out.
            ports: Texts else [],
            /// A WORKDIR that is relative to a place that the file does not set.
            is_relative_workdir: Flag = false,
            /// Variables that neither the file nor the builder declares.
            undefined_variables: Texts else [],
            /// Variables of ENV that take the old value of a variable of the same ENV.
            self_references: Texts else [],
            /// The folders of VOLUME.
            paths: Texts else [],
            /// Whether RUN asks for all rights on the builder, or for its network.
            weakens_isolation: Flag else false,
            /// Modes that let everybody write.
            world_writable_modes: Texts else [],
            /// Modes with the setuid or setgid bit.
            setuid_modes: Texts else [],
            /// A here-document of several commands that goes on after one that failed.
            ignores_failures: Flag else false,
            /// Managers of packages whose index or downloads stay behind in the layer.
            leaves_package_cache: Texts else [],
            /// Whether a pipe hides that something in front of it failed.
            hides_pipe_failure: Flag else false,
            /// Whether it only refreshes the package index.
            only_updates_index: Flag else false,
            /// Old certificate authorities of RDS that it takes in.
            expired_certificates: Texts else [],
            /// A blank line inside the instruction.
            has_blank_line: Flag = false,
            is_legacy_env: Flag else false,
            copies: Many<Copy>,
            variables: Many<Variable>,
            build_arguments: Many<BuildArgument>,
        }
    }

    /// One simple command of a Dockerfile, a script, a workflow or user data.
    Command "command" commands {
        program: Text,
        arguments: Texts,
        origin: Word["run", "process", "script", "workflow", "user_data"],
        reached: Word["always", "conditional", "unreachable"],
        stage: One<Stage>,
        instruction: One<Instruction>,
        image_build: One<ImageBuild>,
        step: One<Step>,
        run: One<Run>;
        rarely CommandRarely {
            /// Whether a secret is mounted while it runs.
            mounts_secret: Flag else false,
            /// Addresses that it takes something from.
            downloads: Texts else [],
            /// Addresses among them in clear text.
            plain_downloads: Texts else [],
            /// Whether what it downloads is run by an interpreter at once.
            is_piped_download: Flag else false,
            /// Whether what it downloads and keeps is compared with a checksum or signature in the same step.
            verifies_download: Flag else true,
            /// Whether it stores or shows a credential.
            stores_credential: Flag else false,
            /// Whether a download goes without a check of the certificate.
            skips_certificate_check: Flag else false,
            /// Whether pip takes packages from a host without a certificate.
            trusts_any_host: Flag else false,
            /// Whether npm or yarn take packages without a check of the certificate.
            skips_registry_certificate: Flag else false,
            /// Whether a package manager takes packages without a signature.
            skips_signature_check: Flag else false,
            /// Whether it runs through sudo.
            uses_sudo: Flag = false,
            /// Whether npm resolves versions anew beside a lock file that was copied.
            passes_lock_file_by: Flag else false,
            /// Whether it writes a rule of sudo without a password.
            grants_passwordless_sudo: Flag else false,
            /// Whether it sets or clears a password of an account.
            sets_password: Flag else false,
            /// Whether it makes a private key that stays.
            makes_private_key: Flag else false,
            /// Whether it makes an administrator with a password that stands in the text.
            sets_admin_password: Flag else false,
            /// For what a process starts: whether ENTRYPOINT or CMD says so.
            line: Word["entrypoint", "command"],
            /// For what a process starts: `host:port` of each address on which it listens.
            listens_on: Texts,
            /// For what a process starts: whether it is a server for development.
            is_development_server: Flag = false,
            /// The container whose own command it is.
            container: One<Container>,
            packages: Many<Package>,
            piped_into: One<Command>,
        }
    }

    /// COPY, ADD, or a mount that takes from a stage or an image.
    Copy "copy" copies {
        sources: Texts,
        target: Text,
        is_remote: Flag = false,
        takes_whole_context: Flag = false,
        /// Whether several sources go to a target that is no folder.
        lacks_slash: Flag = false,
        /// Whether its target is relative and no WORKDIR says to what.
        lacks_workdir: Flag = false,
        stage: One<Stage>,
        instruction: One<Instruction>;
        rarely CopyRarely {
            checksum: Text,
            /// Files with secrets that it brings into the image.
            secret_files: Texts else [],
            /// Paths that git ignores as secret and the build does not.
            ignored_secrets: Texts else [],
            /// `.env` and `.git` as far as nothing keeps them out.
            uncovered: Texts else [],
            /// Configurations of nginx that it brings along.
            nginx_files: Texts else [],
            /// Whether the folder of git comes along.
            takes_git_folder: Flag = false,
            /// Sources that the ignore file of the build keeps out.
            ignored_sources: Texts else [],
            /// Whether it takes all files of a stage or an image.
            takes_whole_filesystem: Flag = false,
            /// Whether it copies from a name that is no stage yet, and looks like a slip for one.
            misses_stage: Flag = false,
            /// Whether it copies from the stage that it stands in.
            is_from_itself: Flag = false,
            from_image: One<Image>,
            from_stage: One<Stage>,
        }
    }

    /// A name of ARG.
    BuildArgument "build_argument" build_arguments {
        name: Text,
        preset as "default": Raw,
        passed: Raw,
        /// Whether it is made for a secret: the name says so and the default is not a harmless value.
        takes_secret: Flag,
        stage: One<Stage>,
        image_build: One<ImageBuild>,
    }

    /// A package that a command installs by name.
    Package "package" packages {
        name: Text,
        manager: Word["pip", "npm", "apt", "apk", "yum", "gem", "go"],
        version: Text,
        /// Whether one version and no other is installed.
        is_pinned: Flag,
        command: One<Command>,
    }

    /// A file of requirements for pip.
    RequirementsFile "requirements_file" requirements_files {
        path: Text,
        /// Whether every line names one version.
        is_pinned: Flag,
        /// Frameworks for the web on a release line that gets no fixes any more.
        ended_frameworks: Texts,
        /// Whether every line has a hash.
        has_hashes: Flag,
        /// Whether an image that is built here installs it.
        is_installed: Flag,
        packages: Many<Package>,
    }

    /// A repository for images.
    Repository "repository" repositories {
        path: Text,
        mutability: Word["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"] = "MUTABLE",
        exclusions: Texts,
        encryption_type: Text = "AES256",
        is_public: Flag = false,
        /// What the repository itself says; the registry may scan all the same.
        scan_on_push: Flag = false,
        pushes: Many<Push>,
    }
}

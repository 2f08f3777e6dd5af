//! The arguments of all verbs, declared once: the parser, `--help`, completions and the man page follow from them.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(
    name = "secure-lint",
    version,
    about = "Finds the ways from the internet or a pull request to your AWS data",
    long_about = None,
    after_help = "`secure-lint [PATH…]` is `secure-lint check [PATH…]`.\n\
                  Exit codes: 0 clean, 1 findings, 2 the tool could not do its work,\n\
                  3 incomplete (--require-complete).",
    disable_help_subcommand = true,
    disable_help_flag = true,
    args_override_self = true
)]
pub(crate) struct Arguments {
    /// Print help; the man page has all options
    #[arg(short, long, action = ArgAction::HelpShort, global = true, help_heading = "Output")]
    help: Option<bool>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Analyse and report
    Check(Box<CheckArguments>),
    /// Explain a rule, or the rules that cover another tool's check
    Explain(ExplainArguments),
    /// List the rules
    Rules(RulesArguments),
    /// Run the examples of rule files
    Test(TestArguments),
    /// Write a configuration file
    Init(InitArguments),
    /// Apply fixes
    Fix(Box<FixArguments>),
    /// List suppressions and what became of them
    Suppressions(Box<SuppressionsArguments>),
    /// Show what is encrypted on the way of the data, and at rest
    Hops(Box<HopsArguments>),
    /// Show what roles need, have and miss
    Iam(Box<IamArguments>),
    /// Write a file of known findings
    Baseline(Box<BaselineArguments>),
    /// Turn other tools' skip comments into ours
    Migrate(Box<MigrateArguments>),
    /// Print a completion script
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
    /// Write the generated pages of the documentation
    #[command(hide = true)]
    Docs { dir: PathBuf },
}

impl Verb {
    /// The wished number of threads.
    pub(crate) fn threads(&self) -> Option<u16> {
        let world = match self {
            Verb::Check(arguments) => &arguments.world,
            Verb::Fix(arguments) => &arguments.world,
            Verb::Suppressions(arguments) => &arguments.world,
            Verb::Hops(arguments) => &arguments.world,
            Verb::Iam(arguments) => &arguments.world,
            Verb::Baseline(arguments) => &arguments.world,
            Verb::Migrate(arguments) => &arguments.world,
            Verb::Explain(_) | Verb::Rules(_) | Verb::Test(_) | Verb::Init(_) => return None,
            Verb::Completions { .. } | Verb::Man | Verb::Docs { .. } => return None,
        };
        world.threads
    }
}

/// What is read and how it is judged; shared by the verbs that analyse.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What is read")]
pub(crate) struct WorldArguments {
    /// Files and folders; `-` is standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Path that the text on standard input stands for
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    pub(crate) stdin_filename: Option<String>,
    /// Folder to which reported paths are relative
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub(crate) root: Option<PathBuf>,
    /// Configuration file instead of secure-lint.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, conflicts_with = "config", hide_short_help = true)]
    pub(crate) no_config: bool,
    /// One more folder of rule files
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub(crate) rules: Vec<PathBuf>,
    /// Read these although ignore files leave them out
    #[arg(long, value_name = "GLOB", hide_short_help = true)]
    pub(crate) include: Vec<String>,
    /// Leave these out
    #[arg(long, value_name = "GLOB", hide_short_help = true)]
    pub(crate) exclude: Vec<String>,
    /// Read what .gitignore and .ignore leave out
    #[arg(long, hide_short_help = true)]
    pub(crate) no_ignore_files: bool,
    /// Variable file, in the order of Terraform
    #[arg(long, value_name = "[ROOT=]FILE", hide_short_help = true)]
    pub(crate) var_file: Vec<String>,
    /// Value of a variable
    #[arg(long, value_name = "NAME=VALUE", hide_short_help = true)]
    pub(crate) var: Vec<String>,
    /// Terraform workspace
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) workspace: Option<String>,
    /// Name of the repository on GitHub: owner/name
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) repo: Option<String>,
    /// Threads (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), hide_short_help = true)]
    pub(crate) threads: Option<u16>,
    #[arg(long, value_name = "DATE", hide = true)]
    pub(crate) today: Option<String>,
}

/// Which rules take part.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which rules")]
pub(crate) struct SelectArguments {
    /// Rules, areas, tag:TAG or *, in place of the profile's
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// Rules, areas or tag:TAG to leave out
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// default, strict or audit
    #[arg(long, value_name = "P", value_parser = ["default", "strict", "audit"], hide_possible_values = true)]
    pub(crate) profile: Option<String>,
    /// Preview rules join
    #[arg(long, hide_short_help = true)]
    pub(crate) preview: bool,
    /// Least confidence: certain, likely or possible
    #[arg(long, value_name = "C", value_parser = ["certain", "likely", "possible"], hide_possible_values = true, hide_short_help = true)]
    pub(crate) confidence: Option<String>,
}

/// How text is laid out.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct TerminalArguments {
    /// auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) color: When,
    /// Links on rules and paths: auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_short_help = true,
        hide_possible_values = true
    )]
    pub(crate) hyperlinks: When,
    /// Say less; twice: nothing
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "verbose")]
    pub(crate) quiet: u8,
    /// Say what was not decided; twice: what was read
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupByArgument {
    #[default]
    Cause,
    File,
    Rule,
    Resource,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    #[command(flatten)]
    pub(crate) select: SelectArguments,
    #[command(flatten)]
    pub(crate) terminal: TerminalArguments,
    /// text, concise, json, sarif, junit, github, …
    #[arg(long, value_name = "F", default_value = "text", hide_default_value = true)]
    pub(crate) format: String,
    /// Also write a report: FORMAT=FILE, may repeat
    #[arg(long, value_name = "F=FILE")]
    pub(crate) output: Vec<String>,
    /// Severity from which on the exit code is 1, or never
    #[arg(long, value_name = "S", value_parser = ["critical", "high", "medium", "low", "info", "never"], hide_possible_values = true)]
    pub(crate) fail_on: Option<String>,
    /// Exit 3 if something was not read or decided
    #[arg(long)]
    pub(crate) require_complete: bool,
    /// Report what is new since a git ref
    #[arg(long, value_name = "REF")]
    pub(crate) since: Option<String>,
    /// File of known findings
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Judge as if there were no suppressions
    #[arg(long, hide_short_help = true)]
    pub(crate) no_suppressions: bool,
    /// Print the silenced findings too
    #[arg(long, hide_short_help = true)]
    pub(crate) show_suppressed: bool,
    /// cause, file, rule or resource
    #[arg(
        long,
        value_name = "G",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_short_help = true,
        hide_possible_values = true
    )]
    pub(crate) group_by: GroupByArgument,
    /// Findings drawn at most
    #[arg(long, value_name = "N", conflicts_with = "all", hide_short_help = true)]
    pub(crate) max_findings: Option<usize>,
    /// Draw all findings
    #[arg(long, hide_short_help = true)]
    pub(crate) all: bool,
    /// Count findings by rule
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Say on stderr where the time went
    #[arg(long, hide_short_help = true)]
    pub(crate) timings: bool,
    /// github or full
    #[arg(long, value_name = "P", value_parser = ["github", "full"], hide_short_help = true, hide_possible_values = true)]
    pub(crate) sarif_profile: Option<String>,
    /// Category of the SARIF file
    #[arg(long, value_name = "C", hide_short_help = true)]
    pub(crate) sarif_category: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ExplainArguments {
    /// Rules, or other tools' checks: CKV_AWS_16
    #[arg(value_name = "ID", required_unless_present = "model")]
    pub(crate) ids: Vec<String>,
    /// Print the entities that conditions can ask about
    #[arg(long, value_name = "ENTITY", num_args = 0..=1, default_missing_value = "", conflicts_with = "ids")]
    pub(crate) model: Option<String>,
    /// text, markdown or json
    #[arg(long, value_name = "F", value_parser = ["text", "markdown", "json"], default_value = "text", hide_default_value = true, hide_possible_values = true)]
    pub(crate) format: String,
    /// One more folder of rule files
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RulesArguments {
    #[command(flatten)]
    pub(crate) select: SelectArguments,
    /// text, json, markdown or csv
    #[arg(long, value_name = "F", value_parser = ["text", "json", "markdown", "csv"], default_value = "text", hide_default_value = true, hide_possible_values = true)]
    pub(crate) format: String,
    /// Add the ids of the same checks in other tools
    #[arg(long)]
    pub(crate) covers: bool,
    /// One more folder of rule files
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TestArguments {
    /// Folders of rule files (default: those of the configuration)
    pub(crate) dirs: Vec<PathBuf>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct InitArguments {
    /// Folder to write into
    #[arg(default_value = ".", hide_default_value = true)]
    pub(crate) dir: PathBuf,
    /// Also write a pre-commit configuration
    #[arg(long)]
    pub(crate) hook: bool,
    /// Also write a GitHub workflow
    #[arg(long)]
    pub(crate) workflow: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FixArguments {
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    #[command(flatten)]
    pub(crate) select: SelectArguments,
    #[command(flatten)]
    pub(crate) terminal: TerminalArguments,
    /// Print the changes and make none
    #[arg(long)]
    pub(crate) diff: bool,
    /// Also apply fixes that may change what the code does
    #[arg(long = "unsafe")]
    pub(crate) unsafe_fixes: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SuppressionsArguments {
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    /// text, json or csv
    #[arg(long, value_name = "F", value_parser = ["text", "json", "csv"], default_value = "text", hide_default_value = true, hide_possible_values = true)]
    pub(crate) format: String,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct HopsArguments {
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    /// default, strict or audit (hears settings files too)
    #[arg(long, value_name = "P", value_parser = ["default", "strict", "audit"], hide_possible_values = true)]
    pub(crate) profile: Option<String>,
    /// text or json
    #[arg(long, value_name = "F", value_parser = ["text", "json"], default_value = "text", hide_default_value = true, hide_possible_values = true)]
    pub(crate) format: String,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct IamArguments {
    /// Role, user or group: name or Terraform address (default: all)
    pub(crate) role: Option<String>,
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    /// text or json
    #[arg(long, value_name = "F", value_parser = ["text", "json"], default_value = "text", hide_default_value = true, hide_possible_values = true)]
    pub(crate) format: String,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct BaselineArguments {
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    #[command(flatten)]
    pub(crate) select: SelectArguments,
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = ".secure-lint/baseline.json")]
    pub(crate) output: PathBuf,
    /// Only drop entries that match nothing
    #[arg(long)]
    pub(crate) prune: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct MigrateArguments {
    #[command(flatten)]
    pub(crate) world: WorldArguments,
    /// Change the files instead of printing a diff
    #[arg(long)]
    pub(crate) write: bool,
}

/// The verbs and what stands for one, for messages and for the call without a verb.
pub(crate) const VERBS: [&str; 14] = [
    "check",
    "explain",
    "rules",
    "test",
    "init",
    "fix",
    "suppressions",
    "hops",
    "iam",
    "baseline",
    "migrate",
    "completions",
    "man",
    "docs",
];

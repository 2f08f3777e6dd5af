//! Configuration and flags put together: which rules run with which parameters, what is known of the world, what triage
//! is told. Flags beat the file, the file beats defaults.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::{OfUndecided, analyse_keeping};
use crate::check::{Rule, load, prepare};
use crate::finding::{Confidence, Outcome, Param, Profile, Run};
use crate::lower::{CommandLine, Described, DescribedGithub, DescribedRoot, Description};
use crate::rule::RuleFile;
use crate::source::{Span, World};
use crate::triage::{
    Config, Enabled, Named, Names, Preview, Selection, Selector, Settings, Subject, Suppressions, Triaged, triage,
};

use super::arguments::SelectArguments;
use super::conditions::held;
use super::failure::Failure;
use super::session::Session;

/// Everything that an analysis is told.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) profile: Profile,
    rules: Vec<Rule>,
    command_line: CommandLine,
    config: Config,
}

impl Plan {
    pub(crate) fn new(session: &Session, flags: &SelectArguments, suppressions: Suppressions) -> Result<Plan, Failure> {
        let selection = selection(session, flags)?;
        let profile = selection.profile;
        let enabled = Enabled::new(&session.metas, &selection);
        let files: Vec<&Arc<RuleFile>> =
            session.catalog.rules().iter().filter(|rule| enabled.has_rule(&rule.meta.id)).collect();
        let rules = load_rules(&files, &session.config)?;
        let command_line = CommandLine {
            var_files: session.var_files()?,
            vars: variables(&session.arguments.var)?,
            workspace: session.arguments.workspace.clone(),
        };
        let is_audit = profile == Profile::Audit;
        Ok(Plan {
            settings: Settings {
                enabled,
                all_rules: session.metas.clone(),
                suppressions: if is_audit { Suppressions::Ignored } else { suppressions },
                foreign: session.config.foreign,
                require_reason: session.config.require_reason.unwrap_or(true),
                longest_suppression: session.config.longest_suppression,
                allow: session.config.allow.clone(),
                config_path: session.config_file.as_ref().map(|(path, _)| path.clone()),
                today: session.today,
            },
            profile,
            rules,
            command_line,
            config: session.config.clone(),
        })
    }

    pub(crate) fn analyse(&self, world: &World, repository: Option<&str>, of_undecided: OfUndecided) -> Outcome {
        let description = self.description(world, repository);
        let (mut outcome, kept) = analyse_keeping(world, &description, &self.rules, of_undecided);
        outcome.held = held(&outcome.comments, &kept.models);
        // The process ends soon, and its memory with it. To give millions of small pieces back one by one takes a sixth
        // of the time.
        std::mem::forget(kept);
        outcome
    }

    /// What configuration and flags say of a world.
    pub(crate) fn description(&self, world: &World, repository: Option<&str>) -> Description {
        let file = self.settings.config_path.as_ref().and_then(|path| world.find(path));
        let place = |named: &Named| file.map(|file| Span::new(file, named.range.0, named.range.1));
        let mut description = describe(&self.config, place);
        if let Some(name) = repository {
            description.github.repository = Some(Described { value: name.to_owned(), place: None });
        }
        description.command_line = self.command_line.clone();
        description
    }

    pub(crate) fn judge<'w>(&self, world: &'w World, repository: Option<&str>, run: Run) -> Triaged<'w> {
        triage(world, self.analyse(world, repository, OfUndecided::Places), &self.settings, run)
    }
}

/// Makes rules ready to run; the rules that triage judges need nothing.
pub(crate) fn load_rules(files: &[&Arc<RuleFile>], config: &Config) -> Result<Vec<Rule>, Failure> {
    let mut rules = Vec::new();
    let mut errors = Vec::new();
    for file in files.iter().filter(|file| !file.is_about_suppressions()) {
        let params: BTreeMap<String, Param> = config
            .params
            .iter()
            .filter(|params| params.rule.text == file.meta.id || file.meta.aliases.contains(&params.rule.text))
            .flat_map(|params| params.values.iter().map(|(name, value, _)| (name.text.clone(), value.clone())))
            .collect();
        // The built-in rules are right: the tests load every one. Their conditions can wait until somebody asks.
        let loaded = match file.is_builtin() {
            true => prepare(file, &params),
            false => load(file, &params),
        };
        match loaded {
            Ok(rule) => rules.push(rule),
            Err(mut wrong) => errors.append(&mut wrong),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(Failure::Files(errors)) }
}

pub(crate) fn selection(session: &Session, flags: &SelectArguments) -> Result<Selection, Failure> {
    let names = Names::new(&session.metas);
    let config = &session.config;
    let mut ignore = selectors(names, config.ignore.iter().map(|named| named.text.as_str()))?;
    ignore.extend(selectors(names, flags.ignore.iter().map(String::as_str))?);
    let select = match flags.select.is_empty() {
        true => selectors(names, config.select.iter().map(|named| named.text.as_str()))?,
        false => selectors(names, flags.select.iter().map(String::as_str))?,
    };
    let profile = flags.profile.as_deref().and_then(Profile::parse).or(config.profile).unwrap_or_default();
    let id_of = |named: &Named| names.rule(&named.text).map(|rule| rule.id.clone());
    Ok(Selection {
        profile,
        select,
        ignore,
        all_preview: flags.preview || config.preview == Preview::On,
        preview: match &config.preview {
            Preview::Rules(rules) => rules.iter().filter_map(id_of).collect(),
            Preview::On | Preview::Off => Vec::new(),
        },
        confidence: flags.confidence.as_deref().and_then(Confidence::parse).or(config.confidence),
        severity: config.severity.iter().filter_map(|(rule, severity)| Some((id_of(rule)?, *severity))).collect(),
    })
}

/// What the names of a list select; an unknown one is told with the nearest.
pub(crate) fn selectors<'n>(names: Names<'_>, texts: impl Iterator<Item = &'n str>) -> Result<Vec<Selector>, Failure> {
    texts
        .map(|text| {
            names.selector(text).map_err(|nearest| {
                let help = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
                Failure::said(format!("no rule, area or tag `{text}`{help}"))
            })
        })
        .collect()
}

fn variables(flags: &[String]) -> Result<Vec<(String, String)>, Failure> {
    flags
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Failure::said(format!("--var takes NAME=VALUE, not `{text}`"))),
        })
        .collect()
}

/// What the configuration says of the world, with the places where it says so.
pub(crate) fn describe(config: &Config, place: impl Fn(&Named) -> Option<Span>) -> Description {
    let text = |named: &Named| Described { value: named.text.clone(), place: place(named) };
    let texts = |all: &[Named]| {
        let first = all.first().and_then(&place);
        Described { value: all.iter().map(|named| named.text.clone()).collect::<Vec<_>>(), place: first }
    };
    let plain = |all: &[Named]| all.iter().map(|named| named.text.clone()).collect::<Vec<String>>();
    let number = |value: u64| Described { value: i64::try_from(value).unwrap_or(i64::MAX), place: None };
    let github = &config.github;
    Description {
        github: DescribedGithub {
            repository: github.repository.as_ref().map(text),
            visibility: github.visibility.as_ref().map(text),
            created: github.created.map(|date| Described { value: date.to_string(), place: None }),
            owner_id: github.owner_id.map(number),
            repository_id: github.repository_id.map(number),
            subject: github.subject.as_ref().map(|subject| match subject {
                Subject::Plain => Described { value: vec!["plain".to_owned()], place: None },
                Subject::Immutable => Described { value: vec!["immutable".to_owned()], place: None },
                Subject::Keys(keys) => texts(keys),
            }),
            default_branch: github.default_branch.as_ref().map(text),
            protected_branches: github.protected_branches.as_deref().map(texts),
            token_permissions: github.token_permissions.as_ref().map(text),
            trusted_owners: (!github.trusted_owners.is_empty()).then(|| texts(&github.trusted_owners)),
            allowed_actions: github.allowed_actions.as_deref().map(texts),
            denied_actions: github.denied_actions.as_deref().map(texts),
            environments: github.environments.iter().map(|(name, it)| (name.clone(), text(it))).collect(),
        },
        roles: config.roles.iter().map(|(name, role)| (name.clone(), text(role))).collect(),
        roots: config
            .roots
            .iter()
            .map(|root| DescribedRoot {
                path: text(&root.path),
                var_sets: root.var_sets.iter().flatten().map(|set| plain(set)).collect(),
                workspaces: plain(&root.workspaces),
                is_skipped: root.skip,
            })
            .collect(),
        command_line: CommandLine::default(),
    }
}

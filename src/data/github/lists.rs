//! Lists about actions and commands that no public table holds (`data/github-lists.txt`).

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

static TEXT: &str = include_str!("../../../data/github-lists.txt");

/// A published weakness of some releases of an action.
#[derive(Debug)]
pub struct Advisory {
    pub id: &'static str,
    action: &'static str,
    from: Vec<u32>,
    /// The first release without it.
    pub mended: Option<&'static str>,
}

/// An input that decides which version of a tool is installed.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    pub input: &'static str,
    /// The word that stands for whatever is newest.
    pub newest: &'static str,
}

/// How an action comes to restore a cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheUse {
    /// The input that switches it on; without one it always does.
    pub input: Option<&'static str>,
    /// The value that switches it off where it is on by itself.
    pub off: Option<&'static str>,
}

#[derive(Default)]
struct Lists {
    words: HashMap<&'static str, BTreeSet<&'static str>>,
    advisories: Vec<Advisory>,
    tools: HashMap<&'static str, Tool>,
    caches: HashMap<&'static str, CacheUse>,
    inputs: HashMap<(&'static str, &'static str), Vec<&'static str>>,
    logins: HashMap<&'static str, &'static str>,
    needs: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
    gives: HashMap<&'static str, Vec<Output>>,
}

/// An output of an action: its name or `*`, who decides it, and what may stand in it.
type Output = (&'static str, &'static str, &'static str);

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists::default();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        row(&mut lists, &words);
    }
    lists
});

fn row(lists: &mut Lists, words: &[&'static str]) {
    let some = |word: &'static str| (word != "-").then_some(word);
    match words {
        ["advisory", id, action, from, mended] => {
            let advisory = Advisory { id, action, from: numbers(from), mended: some(mended) };
            lists.advisories.push(advisory);
        }
        ["tool", action, input, newest] => {
            lists.tools.insert(action, Tool { input, newest });
        }
        ["cache", action, input, off] => {
            lists.caches.insert(action, CacheUse { input: some(input), off: some(off) });
        }
        ["gives", action, output, by, rest @ ..] => {
            let charset = rest.first().copied().unwrap_or("");
            lists.gives.entry(action).or_default().push((output, by, charset));
        }
        [list @ ("evaluated" | "prompt" | "token-publishes" | "obeys-verb"), action, inputs] => {
            lists.inputs.insert((list, action), inputs.split(',').collect());
        }
        ["login", kind, actions @ ..] => lists.logins.extend(actions.iter().map(|action| (*action, *kind))),
        ["needs", action, scopes] => {
            let scopes = some(scopes).map_or(Vec::new(), |scopes| scopes.split(',').collect());
            let pairs = scopes.into_iter().filter_map(|scope| scope.split_once(':')).collect();
            lists.needs.insert(action, pairs);
        }
        [list, names @ ..] => lists.words.entry(list).or_default().extend(names),
        [] => {}
    }
}

fn numbers(text: &str) -> Vec<u32> {
    text.trim_start_matches(['v', 'V']).split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn is_in(list: &str, name: &str) -> bool {
    LISTS.words.get(list).is_some_and(|names| names.contains(name))
}

/// Whether an action's outputs depend on its input or on code that it runs.
pub fn gives_anything(action: &str) -> bool {
    is_in("any-output", action)
}

/// Whether an action reads inputs that its metadata does not name.
pub fn takes_anything(action: &str) -> bool {
    is_in("any-input", action)
}

/// Whether a repository's owner has closed it.
pub fn is_archived(repository: &str) -> bool {
    is_in("archived", repository)
}

/// Whether an action merges or approves pull requests.
pub fn merges(action: &str) -> bool {
    is_in("merges", action)
}

/// Whether an action ends the job of whoever has no rights in the repository.
pub fn refuses_strangers(action: &str) -> bool {
    is_in("refuses-strangers", action)
}

/// Whether an action tells later steps what rights somebody has.
pub fn tells_rights(action: &str) -> bool {
    is_in("tells-rights", action)
}

/// Whether an action puts a release or a package before the public.
pub fn publishes(action: &str) -> bool {
    is_in("publishes", action)
}

/// Popular actions that others are named after.
pub fn popular() -> impl Iterator<Item = &'static str> {
    LISTS.words.get("popular").into_iter().flatten().copied()
}

/// Whether a host takes the secrets of its own users.
pub fn is_known_host(host: &str) -> bool {
    let known = LISTS.words.get("known-host");
    known.into_iter().flatten().any(|known| {
        host.eq_ignore_ascii_case(known)
            || host.len() > known.len()
                && host.to_ascii_lowercase().ends_with(known)
                && host.as_bytes()[host.len() - known.len() - 1] == b'.'
    })
}

/// The advisory that a version of an action has. A version that may still move is judged by its newest release.
pub fn advisory(repository: &str, version: &str) -> Option<&'static Advisory> {
    let own = numbers(version);
    LISTS.advisories.iter().filter(|advisory| advisory.action == repository).find(|advisory| {
        let is_mended = advisory.mended.is_some_and(|mended| {
            let mended = numbers(mended);
            // `v4` is any release of its major: it is mended if the major has a mended release.
            let n = own.len().min(mended.len());
            if own.len() < 3 { own[..n] >= mended[..n] } else { own >= mended }
        });
        own >= advisory.from[..own.len().min(advisory.from.len())].to_vec() && !is_mended
    })
}

pub fn tool(action: &str) -> Option<Tool> {
    LISTS.tools.get(action).copied()
}

pub fn cache(action: &str) -> Option<CacheUse> {
    LISTS.caches.get(action).copied()
}

/// Whether an action runs the text of an input.
pub fn evaluates(action: &str, input: &str) -> bool {
    has_input("evaluated", action, input)
}

/// Whether an agent follows the text of an input.
pub fn prompts(action: &str, input: &str) -> bool {
    has_input("prompt", action, input)
}

/// Whether an input takes a long-lived token for a place that knows trusted publishing.
pub fn takes_publish_token(action: &str, input: &str) -> bool {
    has_input("token-publishes", action, input)
}

fn has_input(list: &'static str, action: &str, input: &str) -> bool {
    members(list, action).is_some_and(|inputs| inputs.contains(&input))
}

/// What a list says of an action or a program.
fn members<'a>(list: &'a str, name: &'a str) -> Option<&'a [&'static str]> {
    let inputs: &HashMap<(&'a str, &'a str), Vec<&'static str>> = &LISTS.inputs;
    inputs.get(&(list, name)).map(Vec::as_slice)
}

/// The kind of credential that a login of another cloud or an app gives.
pub fn login(action: &str) -> Option<&'static str> {
    LISTS.logins.get(action).copied()
}

/// The scopes with their levels that an action needs; nothing for an action that is not known.
pub fn needs(action: &str) -> Option<&'static [(&'static str, &'static str)]> {
    LISTS.needs.get(action).map(Vec::as_slice)
}

/// Whether a repository of reusable workflows checks the tag that it is called by, and refuses a commit.
pub fn checks_its_tag(action: &str) -> bool {
    is_in("checks-its-tag", action)
}

/// Whether a program obeys files of the folder it runs in, whatever its arguments.
pub fn obeys_folder(program: &str) -> bool {
    is_in("obeys-folder", program)
}

/// The verbs with which a program does so; `-` is none.
pub fn obeying_verbs(program: &str) -> Option<&[&'static str]> {
    members("obeys-verb", program)
}

/// Whether a program runs the file that it is given.
pub fn is_interpreter(program: &str) -> bool {
    is_in("interpreter", program)
}

/// Whether an action executes what lies in the folder that it works in.
pub fn executes_workspace(action: &str) -> bool {
    is_in("executes-workspace", action)
}

/// Whether a program hands nothing to later steps by itself.
pub fn is_quiet(program: &str) -> bool {
    is_in("quiet-command", program)
}

/// Who decides an output of an action, and what may stand in it.
pub fn gives(action: &str, output: &str) -> Option<(&'static str, &'static str)> {
    let outputs = LISTS.gives.get(action)?;
    let found = outputs.iter().find(|(name, ..)| *name == output || *name == "*");
    found.map(|(_, by, charset)| (*by, *charset))
}

#[cfg(test)]
mod tests {
    use super::{advisory, evaluates, is_archived, is_known_host, needs, tool};

    #[test]
    fn lists_are_read() {
        assert!(is_archived("actions/create-release") && !is_archived("actions/checkout"));
        assert!(evaluates("actions/github-script", "script") && tool("astral-sh/setup-uv").is_some());
        assert!(needs("actions/setup-node").is_some_and(<[_]>::is_empty) && needs("a/b").is_none());
        assert!(is_known_host("hooks.slack.com") && !is_known_host("notslack.com"));
    }

    #[test]
    fn advisories_have_ranges() {
        let check = |version, expected: bool| {
            assert_eq!(advisory("actions/download-artifact", version).is_some(), expected, "{version}");
        };
        check("v4.1.2", true);
        check("v4.1.3", false);
        check("v3.0.0", false);
        check("v4", false);
        assert!(advisory("tj-actions/changed-files", "v45").is_some());
        assert!(advisory("tj-actions/changed-files", "v46").is_none());
    }
}

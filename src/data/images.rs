//! Public base images (`data/base-images.txt`): who they start as, what they bring along, which releases have ended.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TEXT: &str = include_str!("../../data/base-images.txt");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartsAs {
    Root,
    Other,
    /// As root, and its own entrypoint gives root up for its own server.
    GivesRootUp,
}

/// What is behind `/bin/sh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemShell {
    /// Stays when it has started a command.
    Dash,
    /// Gives its place to the last command of a line.
    Other,
    None,
}

#[derive(Debug)]
pub struct BaseImage {
    pub starts_as: StartsAs,
    pub shell: SystemShell,
    /// Which of `curl`, `wget` and `nc` it brings.
    pub tools: Vec<&'static str>,
    pub tools_are_known: bool,
}

#[derive(Default)]
struct Table {
    bases: BTreeMap<&'static str, BaseImage>,
    ended: BTreeMap<(&'static str, &'static str), &'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["base", names, user, shell, tools] => {
                for name in names.split(',') {
                    table.bases.insert(name, base(user, shell, tools));
                }
            }
            ["ended", name, release, month] => {
                table.ended.insert((name, release), month);
            }
            _ => {}
        }
    }
    table
});

fn base(user: &str, shell: &str, tools: &'static str) -> BaseImage {
    BaseImage {
        starts_as: match user {
            "root" => StartsAs::Root,
            "drops" => StartsAs::GivesRootUp,
            _ => StartsAs::Other,
        },
        shell: match shell {
            "dash" => SystemShell::Dash,
            "none" => SystemShell::None,
            _ => SystemShell::Other,
        },
        tools: tools.split(',').filter(|tool| !matches!(*tool, "-" | "?")).collect(),
        tools_are_known: tools != "?",
    }
}

static DISTROLESS_NONROOT: BaseImage =
    BaseImage { starts_as: StartsAs::Other, shell: SystemShell::None, tools: Vec::new(), tools_are_known: true };
static DISTROLESS: BaseImage =
    BaseImage { starts_as: StartsAs::Root, shell: SystemShell::None, tools: Vec::new(), tools_are_known: true };
static ALPINE: LazyLock<BaseImage> = LazyLock::new(|| base("root", "other", "wget,nc"));
static NGINX_ALPINE: LazyLock<BaseImage> = LazyLock::new(|| base("root", "other", "curl,wget,nc"));
static SLIM: LazyLock<BaseImage> = LazyLock::new(|| base("root", "dash", "-"));

/// What is known of an image without its tag and digest; the tag tells variants apart.
pub fn base_image(path: &str, tag: Option<&str>) -> Option<&'static BaseImage> {
    let name = official(path);
    let tag = tag.unwrap_or("");
    if name.contains("distroless/") {
        return Some(if tag.contains("nonroot") { &DISTROLESS_NONROOT } else { &DISTROLESS });
    }
    let known = TABLE.bases.get(name)?;
    let is_root = known.starts_as == StartsAs::Root;
    // Only those that are named after a release of Debian are known to be one.
    const SUITES: [&str; 5] = ["slim", "stretch", "buster", "bullseye", "bookworm"];
    if name == "openjdk" && SUITES.iter().any(|suite| tag.contains(suite)) {
        return Some(&SLIM);
    }
    let is_slim = tag.contains("slim") && known.shell == SystemShell::Dash;
    Some(match tag {
        tag if tag.contains("alpine") && name == "nginx" => &*NGINX_ALPINE,
        tag if tag.contains("alpine") && is_root => &*ALPINE,
        _ if is_slim && is_root => &*SLIM,
        _ => known,
    })
}

/// Official images of languages that come as a slim variant, too.
const WITH_SLIM: [&str; 9] = ["python", "node", "ruby", "rust", "perl", "openjdk", "elixir", "erlang", "swift"];

/// Whether it is the full variant of an image that has a slim one.
pub fn is_full(path: &str, tag: &str) -> bool {
    WITH_SLIM.contains(&official(path)) && !names_variant(tag)
}

/// Whether a tag speaks of a variant that is smaller, or of another system.
pub fn names_variant(tag: &str) -> bool {
    ["slim", "alpine", "windows", "nanoserver"].iter().any(|word| tag.contains(word))
}

/// The month in which security fixes for this release line of a package ended.
pub fn package_ended(name: &str, version: &str) -> Option<&'static str> {
    let name = format!("pip:{}", name.to_ascii_lowercase().replace(['_', '.'], "-"));
    let parts: Vec<&str> = version.split('.').collect();
    let shorter = (1..=parts.len()).rev().map(|length| parts[..length].join("."));
    shorter.into_iter().find_map(|release| TABLE.ended.get(&(name.as_str(), release.as_str())).copied())
}

/// The month in which security fixes for this release ended; nothing if they have not, or if nobody wrote it down.
pub fn ended(path: &str, tag: &str) -> Option<&'static str> {
    let name = official(path);
    let release = tag.split('-').next().unwrap_or(tag);
    let parts: Vec<&str> = release.split('.').collect();
    let shorter = (1..=parts.len()).rev().map(|length| parts[..length].join("."));
    shorter.into_iter().find_map(|release| TABLE.ended.get(&(name, release.as_str())).copied())
}

/// The name of an image without the hosts that mirror the official ones.
fn official(path: &str) -> &str {
    let hosts =
        ["docker.io/library/", "public.ecr.aws/docker/library/", "index.docker.io/library/", "docker.io/", "library/"];
    hosts.iter().find_map(|host| path.strip_prefix(host)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::{StartsAs, base_image, ended, is_full, package_ended};

    #[test]
    fn bases_and_ends() {
        let starts_as = |path, tag| base_image(path, Some(tag)).map(|base| base.starts_as);
        assert_eq!(starts_as("python", "3.12-slim"), Some(StartsAs::Root));
        assert_eq!(starts_as("docker.io/library/redis", "7"), Some(StartsAs::GivesRootUp));
        assert_eq!(starts_as("gcr.io/distroless/static", "nonroot"), Some(StartsAs::Other));
        assert_eq!(starts_as("team/python", "3"), None);
        assert_eq!(ended("python", "3.9.18-slim-bullseye"), Some("2025-10"));
        assert_eq!(ended("node", "18-alpine"), Some("2025-04"));
        assert_eq!(ended("python", "3.13"), None);
        assert_eq!(package_ended("Django", "3.2.18"), Some("2024-04"));
        assert_eq!(package_ended("django", "5.2.1"), None);
        assert!(is_full("python", "3.12") && is_full("docker.io/library/node", "22-bookworm"));
        assert!(!is_full("python", "3.12-slim") && !is_full("team/python", "3.12") && !is_full("golang", "1.25"));
    }
}

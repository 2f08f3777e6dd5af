//! Modules of the registry that are well known (`data/modules/`), in Terraform's own language: what follows directly from
//! their inputs. The head of each file says which versions it stands for and what else the module may create.

use std::sync::LazyLock;

static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// What stands for a module that is not here.
#[derive(Debug, PartialEq, Eq)]
pub struct Stub {
    /// `terraform-aws-modules/vpc/aws`, with the folder in it after `//`.
    pub source: &'static str,
    /// The first version that it describes, and the first that it does not describe any more.
    pub from: u64,
    pub before: u64,
    /// Resource types that the module may create besides those written out.
    pub creates: Vec<&'static str>,
    pub text: &'static str,
}

static STUBS: LazyLock<Vec<Stub>> = LazyLock::new(|| FILES.iter().filter_map(|(_, text)| stub(text)).collect());

/// All stubs, in order of their files.
pub fn stubs() -> &'static [Stub] {
    &STUBS
}

/// Nothing where the head lacks something.
fn stub(text: &'static str) -> Option<Stub> {
    let field = |name: &str| {
        let lines = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
        lines.filter_map(|line| line.strip_prefix(name)).map(|rest| rest.trim_start_matches(':').trim()).next()
    };
    let (from, before) = field("major versions")?.split_once(" to ")?;
    Some(Stub {
        source: field("source")?,
        from: from.parse().ok()?,
        before: before.parse::<u64>().ok()? + 1,
        creates: field("may also create")?.split(',').map(str::trim).filter(|name| !name.is_empty()).collect(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::{FILES, stubs};

    #[test]
    fn every_file_has_a_head() {
        assert_eq!(stubs().len(), FILES.len());
    }
}

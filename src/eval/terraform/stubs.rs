//! Well-known modules that are not installed: a stub in Terraform's own language is evaluated in their place. It stands
//! where it is called, so that whatever follows from a module's default is said of the call.

use crate::data::modules::{Stub, stubs};
use crate::source::{Span, World};
use crate::syntax::hcl;

use super::manifest::normal;
use super::module::{Module, ModuleFile};
use super::version::lowest_major;

/// The stub for a source, if there is one for the version that is asked for.
pub(super) fn stub(source: &str, version: Option<&str>, call: Span, world: &World) -> Option<Module> {
    let source = normal(source);
    let of_source = stubs().iter().filter(|stub| stub.source == source);
    let found = match version {
        Some(version) => {
            let major = lowest_major(version)?;
            of_source.rev().find(|stub| (stub.from..stub.before).contains(&major))
        }
        // Without a version Terraform takes the newest.
        None => of_source.max_by_key(|stub| stub.before),
    };
    found.map(|found| module(found, call, world))
}

fn module(stub: &'static Stub, call: Span, world: &World) -> Module {
    let parsed = hcl::parse_at(call, stub.text);
    let files = vec![ModuleFile { path: String::new(), parsed, is_override: false }];
    let mut module = Module::build("", files, world);
    module.stub = Some(stub);
    module
}

#[cfg(test)]
mod tests {
    use super::stub;
    use crate::data::modules::stubs;
    use crate::source::{FileId, Span, WorldBuilder};

    #[test]
    fn every_stub_is_whole_and_stands_where_it_is_called() {
        let mut files = WorldBuilder::default();
        files.add_bytes("main.tf", b"module \"it\" {}\n".to_vec(), true);
        let world = files.build();
        let call = Span::new(FileId(0), 0, 11);
        for it in stubs() {
            let version = format!("{}.0.0", it.from);
            let module = stub(it.source, Some(&version), call, &world).expect(it.source);
            assert!(module.hides.is_none() && module.problems.is_empty() && module.faults.is_empty(), "{}", it.source);
            assert_eq!(module.first_span, Some(call), "{}", it.source);
            assert!(stub(it.source, Some("0.0.1"), call, &world).is_none() || it.from == 0, "{}", it.source);
        }
    }
}

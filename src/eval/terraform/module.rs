//! What one folder of configuration declares: its files merged, overrides applied, names looked up. Nothing is
//! evaluated here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::block::block_kinds;
use super::instance::Mode;
use super::overrides;
use crate::data::modules::Stub;
use crate::source::{Problem, Span, World};
use crate::syntax::hcl::{Attribute, Block, Body, Expr, Name, Parsed};

#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) folder: Arc<str>,
    /// Stands for a module that is not here, which may have more outputs and resources than this.
    pub(super) stub: Option<&'static Stub>,
    /// Why names that are not declared may be declared all the same: a file or block could not be read, or another tool
    /// writes more.
    pub(super) hides: Option<&'static str>,
    pub(super) variables: BTreeMap<Name, Block>,
    pub(super) locals: BTreeMap<Name, Attribute>,
    pub(super) outputs: BTreeMap<Name, Block>,
    pub(super) resources: Vec<ResourceDecl>,
    pub(super) calls: Vec<CallDecl>,
    pub(super) providers: Vec<Block>,
    pub(super) settings: Vec<Block>,
    pub(super) first_span: Option<Span>,
    pub(super) problems: Vec<Problem>,
    /// `duplicate-declaration`: what Terraform refuses about the declarations themselves.
    pub(super) faults: Vec<(Span, String)>,
}

#[derive(Debug)]
pub(super) struct ResourceDecl {
    pub(super) mode: Mode,
    /// With aliases folded.
    pub(super) type_name: Name,
    pub(super) name: Name,
    /// Below its module, without instance keys.
    pub(super) address: Name,
    pub(super) block: Block,
    /// The kinds of its nested blocks, `dynamic` ones by their label.
    pub(super) kinds: Vec<Name>,
}

#[derive(Debug)]
pub(super) struct CallDecl {
    pub(super) name: Name,
    pub(super) block: Block,
    /// What stands for the module if it is not here and well known.
    pub(super) stub: OnceLock<Option<Box<Module>>>,
}

/// One parsed file of the folder.
pub(super) struct ModuleFile {
    pub(super) path: String,
    pub(super) parsed: Parsed,
    pub(super) is_override: bool,
}

impl ResourceDecl {
    fn key(&self) -> (Mode, &str, &str) {
        (self.mode, &self.type_name, &self.name)
    }
}

/// `aws_vpc.main`, `data.aws_ami.linux`: the address below its module, without instance keys.
fn local_address(mode: Mode, type_name: &str, name: &str) -> Name {
    let prefix = match mode {
        Mode::Managed => "",
        Mode::Data => "data.",
        Mode::Ephemeral => "ephemeral.",
    };
    [prefix, type_name, ".", name].concat().into()
}

/// Old names of types that are the same thing.
pub(super) fn fold_type(name: &str) -> Cow<'_, str> {
    const PREFIXES: [(&str, &str); 2] = [("aws_alb", "aws_lb"), ("aws_elasticsearch_domain", "aws_opensearch_domain")];
    if name == "aws_s3_bucket_object" {
        return "aws_s3_object".into();
    }
    for (old, new) in PREFIXES {
        if let Some(rest) = name.strip_prefix(old)
            && (rest.is_empty() || rest.starts_with('_'))
        {
            return format!("{new}{rest}").into();
        }
    }
    name.into()
}

impl Module {
    /// Files come in the order of their names, overrides in the same order among themselves.
    pub(super) fn build(folder: &str, files: Vec<ModuleFile>, world: &World) -> Module {
        let mut module = Module { folder: folder.into(), ..Module::default() };
        let mut overriding = Vec::new();
        for file in files {
            if file.parsed.is_broken {
                module.hides = Some("syntax-error");
            }
            let faults = file.parsed.faults.iter();
            module.problems.extend(faults.map(|fault| fault.problem(&file.path)));
            if file.is_override {
                overriding.push(file.parsed.body);
                continue;
            }
            module.add(file.parsed.body, world);
        }
        for body in overriding {
            overrides::apply(&mut module, body, world);
        }
        module.index();
        module
    }

    fn add(&mut self, body: Body, world: &World) {
        for attribute in body.attributes {
            let message = format!("`{}` is no block; a configuration holds blocks alone", attribute.name);
            self.problem("unknown-block", attribute.name_span, message, world);
        }
        for block in body.blocks {
            if self.first_span.is_none() {
                self.first_span = Some(block.header_span);
            }
            self.declare(block, world);
        }
    }

    fn declare(&mut self, block: Block, world: &World) {
        match (&*block.kind, block.labels.len()) {
            ("variable", 1) => self.declare_named(block, world, |module| &mut module.variables),
            ("output", 1) => self.declare_named(block, world, |module| &mut module.outputs),
            ("locals", 0) => self.declare_locals(block),
            ("resource", 2) => self.declare_resource(block, Mode::Managed),
            ("data", 2) => self.declare_resource(block, Mode::Data),
            ("ephemeral", 2) => self.declare_resource(block, Mode::Ephemeral),
            ("module", 1) => self.declare_call(block),
            ("provider", 1) => self.providers.push(block),
            ("terraform" | "language", 0) => self.settings.push(block),
            ("check", 1) => {
                for inner in block.body.blocks {
                    if &*inner.kind == "data" && inner.labels.len() == 2 {
                        self.declare_resource(inner, Mode::Data);
                    }
                }
            }
            (
                "moved" | "import" | "removed" | "action" | "list" | "provider_meta" | "experiments" | "language" | "_",
                _,
            ) => {}
            (kind, _) => {
                let message = format!("`{kind}` is no block that is known here, at least not with these labels");
                self.problem("unknown-block", block.header_span, message, world);
            }
        }
    }

    fn declare_named(
        &mut self,
        block: Block,
        world: &World,
        table: impl Fn(&mut Module) -> &mut BTreeMap<Name, Block>,
    ) {
        let Some(name) = block.labels.first().map(|label| label.text.clone()) else { return };
        let is_taken = table(self).contains_key(&name);
        if is_taken {
            self.duplicate(&block, &name, world);
        } else {
            table(self).insert(name, block);
        }
    }

    fn declare_locals(&mut self, block: Block) {
        for attribute in block.body.attributes {
            if self.locals.contains_key(&attribute.name) {
                self.faults.push((attribute.name_span, format!("local `{}` is declared twice", attribute.name)));
                continue;
            }
            self.locals.insert(attribute.name.clone(), attribute);
        }
    }

    fn declare_resource(&mut self, block: Block, mode: Mode) {
        let [of_type, name] = block.labels.as_slice() else { return };
        let type_name: Name = match fold_type(&of_type.text) {
            Cow::Borrowed(_) => of_type.text.clone(),
            Cow::Owned(folded) => folded.into(),
        };
        let name = name.text.clone();
        let address = local_address(mode, &type_name, &name);
        self.resources.push(ResourceDecl { mode, type_name, name, address, block, kinds: Vec::new() });
    }

    fn declare_call(&mut self, block: Block) {
        let Some(name) = block.labels.first().map(|label| label.text.clone()) else { return };
        if self.calls.iter().any(|call| call.name == name) {
            self.faults.push((block.header_span, format!("module `{name}` is declared twice")));
            return;
        }
        self.calls.push(CallDecl { name, block, stub: OnceLock::new() });
    }

    fn duplicate(&mut self, block: &Block, name: &str, _world: &World) {
        self.faults.push((block.header_span, format!("{} `{name}` is declared twice", block.kind)));
    }

    /// Sorts what came in the order of files, so that nothing depends on their names.
    fn index(&mut self) {
        for decl in &mut self.resources {
            decl.kinds = block_kinds(&decl.block.body);
        }
        self.resources.sort_by(|a, b| a.key().cmp(&b.key()));
        let faults = &mut self.faults;
        self.resources.dedup_by(|later, earlier| {
            let is_repeated = later.key() == earlier.key();
            if is_repeated {
                let message = format!("`{}.{}` is declared twice", later.type_name, later.name);
                faults.push((later.block.header_span, message));
            }
            is_repeated
        });
        self.calls.sort_by(|a, b| a.name.cmp(&b.name));
    }

    pub(super) fn resource(&self, mode: Mode, type_name: &str, name: &str) -> Option<usize> {
        let type_name = fold_type(type_name);
        let found = self.resources.binary_search_by(|decl| decl.key().cmp(&(mode, &*type_name, name)));
        found.ok()
    }

    /// The same before the resources are sorted.
    pub(super) fn resource_position(&self, mode: Mode, type_name: &str, name: &str) -> Option<usize> {
        let type_name = fold_type(type_name);
        self.resources.iter().position(|decl| decl.key() == (mode, &*type_name, name))
    }

    pub(super) fn call(&self, name: &str) -> Option<usize> {
        self.calls.binary_search_by(|call| (*call.name).cmp(name)).ok()
    }

    /// The blocks of this kind in all `terraform` blocks.
    pub(super) fn setting_blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.settings.iter().flat_map(move |block| block.body.blocks(kind))
    }

    pub(super) fn setting(&self, name: &str) -> Option<&Attribute> {
        self.settings.iter().find_map(|block| block.body.attribute(name))
    }

    /// Whether the folder says where state is kept.
    pub(super) fn has_backend(&self) -> bool {
        ["backend", "cloud", "state_store"].iter().any(|kind| self.setting_blocks(kind).next().is_some())
    }

    pub(super) fn problem(&mut self, reason: &'static str, span: Span, message: String, world: &World) {
        let path = world.file(span.file).path.clone();
        self.problems.push(Problem::at(reason, path, span, message).note());
    }
}

/// The value of an attribute of a block.
pub(super) fn argument<'a>(block: &'a Block, name: &str) -> Option<&'a Expr> {
    block.body.attribute(name).map(|attribute| &attribute.value)
}

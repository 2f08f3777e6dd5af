//! `baseline`: writes the findings of today as known, or drops what is no longer there.

use std::path::Path;

use crate::finding::Run;
use crate::report::mask;
use crate::triage::{Baseline, Suppressions};

use super::arguments::BaselineArguments;
use super::failure::Failure;
use super::output::{Mode, put};
use super::plan::Plan;
use super::session::Session;
use super::terminal::Surroundings;

pub(crate) fn run(arguments: &BaselineArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let session = Session::open(&arguments.world, surroundings)?;
    let plan = Plan::new(&session, &arguments.select, Suppressions::Honoured)?;
    let world = session.read_world()?;
    let mut report = plan.judge(&world, arguments.world.repo.as_deref(), Run::default()).report;
    mask(&mut report);
    let path = &arguments.output;
    let baseline = if arguments.prune {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
        let old = Baseline::read(&text).map_err(|error| Failure::said(format!("`{}`: {error}", path.display())))?;
        old.pruned(&report.findings, &report.suppressed)
    } else {
        Baseline::of(&report.findings)
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
    put(path, &baseline.write(), Mode::Replace).map_err(|error| Failure::io("write", path, &error))?;
    let n = baseline.len();
    let findings = if n == 1 { "finding" } else { "findings" };
    session.streams.out(&format!("wrote {}: {n} known {findings}\n", path.display()));
    Ok(0)
}

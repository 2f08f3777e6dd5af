//! Writes the table of all rule files into the build folder: path and text, in order of path. Nothing is read or
//! checked here; that is the loader's work, the same for everybody's rules.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

pub(crate) fn list() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    let target = env::var("OUT_DIR").expect("cargo names the build folder");
    println!("cargo::rerun-if-changed=rules");
    let mut paths = Vec::new();
    collect(&Path::new(&root).join("rules"), "", &mut paths);
    paths.sort();
    let mut table = String::from("&[\n");
    for path in paths {
        // The compiler joins the address, so that no path of this machine ends up in the table.
        writeln!(table, "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/rules/{path}\"))),")
            .expect("writing to a string does not fail");
    }
    table.push_str("]\n");
    fs::write(Path::new(&target).join("rules.rs"), table).expect("the build folder can be written to");
}

/// All Markdown files below a folder, but what explains the folder itself.
fn collect(folder: &Path, prefix: &str, paths: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if entry.path().is_dir() {
            collect(&entry.path(), &path, paths);
        } else if name.ends_with(".md") && name != "README.md" {
            paths.push(path);
        }
    }
}

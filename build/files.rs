//! Writes tables of the files of a folder into the build folder: path and text, in order of path. Nothing is read or
//! checked here; that is the work of whoever loads them.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// All files of a folder that end so, but what explains the folder itself.
pub(crate) fn list(folder: &str, end: &str, table_name: &str) {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    let target = env::var("OUT_DIR").expect("cargo names the build folder");
    println!("cargo::rerun-if-changed={folder}");
    let mut paths = Vec::new();
    collect(&Path::new(&root).join(folder), "", end, &mut paths);
    paths.sort();
    let mut table = String::from("&[\n");
    for path in paths {
        // The compiler joins the address, so that no path of this machine ends up in the table.
        let address = format!("/{folder}/{path}");
        writeln!(table, "    ({:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {address:?}))),", &address[1..])
            .expect("writing to a string does not fail");
    }
    table.push_str("]\n");
    fs::write(Path::new(&target).join(table_name), table).expect("the build folder can be written to");
}

fn collect(folder: &Path, prefix: &str, end: &str, paths: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if entry.path().is_dir() {
            collect(&entry.path(), &path, end, paths);
        } else if name.ends_with(end) && name != "README.md" {
            paths.push(path);
        }
    }
}

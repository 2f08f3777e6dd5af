//! git, as a program: argument lists, no shell, no prompt, no hooks, no fetch, no write.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::failure::Failure;
use super::tree::Ground;

/// The repository around a folder.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    folder: PathBuf,
}

/// An entry of a commit's tree: the object's name and the path from the folder on.
pub(crate) struct TreeFile {
    pub(crate) object: String,
    pub(crate) path: String,
}

impl Git {
    /// Nothing where no repository is.
    pub(crate) fn at(folder: &Path) -> Option<Git> {
        let holds = folder.ancestors().any(|folder| folder.join(".git").exists());
        holds.then(|| Git { folder: folder.to_path_buf() })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.folder)
            .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
            .args(arguments)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    /// The output of a command, or git's own words.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.command(arguments).output().map_err(|error| format!("git cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(words.lines().next().unwrap_or("git failed").trim_start_matches("fatal: ").to_owned())
    }

    fn line(&self, arguments: &[&str]) -> Result<String, String> {
        self.run(arguments).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// The paths that git knows, from the folder on.
    pub(crate) fn indexed_files(&self) -> Result<Vec<String>, Failure> {
        let bytes = self.run(&["ls-files", "-z", "--cached"]).map_err(Failure::Said)?;
        let mut names = texts(&bytes);
        names.dedup();
        Ok(names)
    }

    pub(crate) fn head(&self) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).ok().filter(|text| !text.is_empty())
    }

    /// The commit that HEAD names, from files: to lint a tree starts no other program.
    pub(crate) fn commit_in_files(&self) -> Option<String> {
        let top = self.folder.ancestors().find(|folder| folder.join(".git").exists())?;
        let mut git = top.join(".git");
        if git.is_file() {
            git = top.join(text_of(&git)?.strip_prefix("gitdir: ")?.trim_end());
        }
        let head = text_of(&git.join("HEAD"))?;
        let Some(name) = head.strip_prefix("ref: ").map(str::trim_end) else { return commit_name(&head) };
        if !name.starts_with("refs/") || name.split('/').any(|part| part == "..") {
            return None;
        }
        // A linked work tree keeps its branches in the folder that all share.
        let common = text_of(&git.join("commondir")).map_or_else(|| git.clone(), |path| git.join(path.trim_end()));
        let loose = [&git, &common].into_iter().find_map(|folder| text_of(&folder.join(name)));
        if let Some(text) = loose {
            return commit_name(&text);
        }
        let packed = text_of(&common.join("packed-refs"))?;
        packed.lines().find_map(|line| commit_name(line.strip_suffix(name)?.strip_suffix(' ')?))
    }

    /// Asks git whether it works here at all; it refuses folders of other owners.
    pub(crate) fn works(&self) -> Result<(), String> {
        self.run(&["rev-parse", "--git-dir"]).map(|_| ())
    }

    pub(crate) fn commit_of(&self, reference: &str) -> Result<String, String> {
        self.line(&["rev-parse", "--verify", "--end-of-options", &format!("{reference}^{{commit}}")])
    }

    pub(crate) fn merge_base(&self, commit: &str) -> Option<String> {
        self.line(&["merge-base", commit, "HEAD"]).ok().filter(|text| !text.is_empty())
    }

    /// All files of a commit below the folder. Submodules and links are left out.
    pub(crate) fn tree(&self, commit: &str) -> Result<Vec<TreeFile>, Failure> {
        let bytes = self.run(&["ls-tree", "-r", "-z", commit]).map_err(Failure::Said)?;
        let mut files = Vec::new();
        for entry in texts(&bytes) {
            let Some((head, path)) = entry.split_once('\t') else { continue };
            let mut words = head.split(' ');
            if let (Some("100644" | "100755"), Some("blob"), Some(object)) = (words.next(), words.next(), words.next())
            {
                files.push(TreeFile { object: object.to_owned(), path: path.to_owned() });
            }
        }
        Ok(files)
    }

    /// The contents of objects, one after the other; larger ones than the limit are left out, with their size.
    pub(crate) fn contents(
        &self,
        objects: &[String],
        limit: u64,
        mut each: impl FnMut(usize, Result<Vec<u8>, u64>),
    ) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::said(format!("git cannot be read: {error}"));
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let input = child.stdin.take();
        let names: String = objects.iter().map(|object| format!("{object}\n")).collect();
        // In a thread of its own: git answers while it is still being asked.
        let asking = std::thread::spawn(move || input.map(|mut input| input.write_all(names.as_bytes())));
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            for index in 0..objects.len() {
                let mut head = String::new();
                output.read_line(&mut head).map_err(failed)?;
                let size: Option<u64> = head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok());
                // An object that this clone does not have is told as missing and has no content.
                let Some(size) = size else { continue };
                let content = object(&mut output, size, limit).map_err(failed)?;
                each(index, content);
            }
        }
        let _ = asking.join();
        let _ = child.wait();
        Ok(())
    }

    /// Files that have another name in the work tree than in a commit, by git's own detection.
    pub(crate) fn renames(&self, commit: &str) -> Vec<(String, String)> {
        let Ok(bytes) = self.run(&["diff", "--relative", "-M", "--diff-filter=R", "--name-status", "-z", commit])
        else {
            return Vec::new();
        };
        let fields = texts(&bytes);
        fields.chunks_exact(3).map(|fields| (fields[1].clone(), fields[2].clone())).collect()
    }
}

fn object(output: &mut impl BufRead, size: u64, limit: u64) -> std::io::Result<Result<Vec<u8>, u64>> {
    let content = if size > limit {
        std::io::copy(&mut output.by_ref().take(size), &mut std::io::sink())?;
        Err(size)
    } else {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        output.by_ref().take(size).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let mut end = [0];
    output.read_exact(&mut end)?;
    Ok(content)
}

fn text_of(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn commit_name(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| text.to_owned())
}

/// Texts that end with a zero byte; names that are not UTF-8 are left out.
fn texts(bytes: &[u8]) -> Vec<String> {
    bytes
        .split(|byte| *byte == 0)
        .filter(|text| !text.is_empty())
        .filter_map(|text| std::str::from_utf8(text).ok().map(str::to_owned))
        .collect()
}

/// Whether a path of a commit is below what was asked for.
pub(crate) fn is_asked(ground: &Ground, name: &str) -> bool {
    let path = ground.root.join(name);
    ground.paths.iter().any(|asked| path.starts_with(asked))
}

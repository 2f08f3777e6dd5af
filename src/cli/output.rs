//! Where reports go: files are checked before the analysis and written whole, so that a reader never sees half of one.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::analysis::OfUndecided;
use crate::finding::Report;
use crate::report::{Format, Options, TextOptions, write};

use super::failure::Failure;
use super::terminal::Streams;

/// `--format` and all `--output`.
#[derive(Debug)]
pub(crate) struct Outputs {
    stdout: Format,
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    pub(crate) fn new(format: &str, outputs: &[String]) -> Result<Outputs, Failure> {
        let mut stdout = parse(format)?;
        let mut files: Vec<(Format, PathBuf)> = Vec::new();
        let mut n_stdout = 0;
        for output in outputs {
            let Some((name, file)) = output.split_once('=') else {
                return Err(Failure::said(format!("--output takes FORMAT=FILE, not `{output}`")));
            };
            let format = parse(name)?;
            if file == "-" {
                stdout = format;
                n_stdout += 1;
                continue;
            }
            let path = PathBuf::from(file);
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !folder.is_dir() {
                return Err(Failure::said(format!("cannot write `{file}`: there is no folder `{}`", folder.display())));
            }
            if path.is_dir() {
                return Err(Failure::said(format!("cannot write `{file}`: it is a folder")));
            }
            let real = folder
                .canonicalize()
                .unwrap_or_else(|_| folder.to_path_buf())
                .join(path.file_name().unwrap_or_default());
            if files.iter().any(|(_, other)| *other == real) {
                return Err(Failure::said(format!("two outputs go to `{file}`")));
            }
            files.push((format, real));
        }
        if n_stdout > 1 {
            return Err(Failure::said("two outputs go to standard output"));
        }
        Ok(Outputs { stdout, files })
    }

    /// Which of what is undecided some format shows.
    pub(crate) fn of_undecided(&self) -> OfUndecided {
        let mut formats = self.files.iter().map(|(format, _)| *format).chain([self.stdout]);
        match formats.any(|format| matches!(format, Format::Json | Format::Sarif)) {
            true => OfUndecided::Addresses,
            false => OfUndecided::Places,
        }
    }

    pub(crate) fn stdout(&self) -> Format {
        self.stdout
    }

    /// Writes all files; the first that cannot be written is told after the others are.
    pub(crate) fn write_files(&self, report: &Report<'_>, options: &Options, streams: Streams) -> Result<(), Failure> {
        let mut result = Ok(());
        for (format, path) in &self.files {
            let options = Options { text: TextOptions { ..plain(&options.text) }, sarif: options.sarif.clone() };
            let written = write(report, *format, &options);
            if let Some(note) = written.note {
                streams.note(&note);
            }
            let mode = if *format == Format::Markdown { Mode::Append } else { Mode::Replace };
            if let Err(error) = put(path, &written.text, mode) {
                result = Err(Failure::io("write", path, &error));
            }
        }
        result
    }

    pub(crate) fn write_stdout(&self, report: &Report<'_>, options: &Options, streams: Streams) {
        let written = write(report, self.stdout, options);
        match self.stdout {
            Format::Text | Format::Concise => streams.out_text(&written.text),
            _ => streams.out(&written.text),
        }
        if let Some(note) = written.note {
            streams.note(&note);
        }
    }
}

/// Files never hold colour, nor the limits of a screen.
fn plain(options: &TextOptions) -> TextOptions {
    TextOptions {
        group_by: options.group_by,
        detail: options.detail,
        statistics: options.statistics,
        suppressed: options.suppressed,
        ..TextOptions::default()
    }
}

fn parse(name: &str) -> Result<Format, Failure> {
    Format::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        let help = crate::source::nearest(name, names.iter().copied())
            .map_or_else(|| format!("one of {}", names.join(", ")), |nearest| format!("did you mean `{nearest}`?"));
        Failure::said(format!("no format `{name}`; {help}"))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Replace,
    /// As a step's summary wants it.
    Append,
}

/// Writes beside the file and renames; what is no plain file (a device, a pipe) is written as it is.
pub(crate) fn put(path: &Path, text: &str, mode: Mode) -> std::io::Result<()> {
    let exists_otherwise = path.exists() && !path.is_file();
    if mode == Mode::Append || exists_otherwise {
        let mut file = std::fs::OpenOptions::new().append(true).create(!exists_otherwise).open(path)?;
        return file.write_all(text.as_bytes());
    }
    // A link stays a link: the file it leads to is replaced.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let name = real.file_name().map_or_else(Default::default, |name| name.to_string_lossy().into_owned());
    let beside = real.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    std::fs::write(&beside, text)?;
    if let Ok(metadata) = real.metadata() {
        let _ = std::fs::set_permissions(&beside, metadata.permissions());
    }
    std::fs::rename(&beside, &real).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

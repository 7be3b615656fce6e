//! `check-config`: every setting, where it comes from, and what is wrong or dangerous about it.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::CANNOT_START;
use crate::config::{Config, Inspection, Overrides, Row};
use crate::server::TlsFiles;

/// Prints all settings; then what is dangerous, or what is wrong.
pub(super) fn run(file: Option<&Path>, overrides: &Overrides) -> ExitCode {
    let inspection = Config::inspect(file, overrides);
    let problems = match &inspection.loaded {
        Ok(config) => broken_files(config),
        Err(error) => error.problems.clone(),
    };
    // Nobody is left to tell when even this cannot be written.
    write(&mut std::io::stdout().lock(), &inspection).ok();
    let mut errors = std::io::stderr().lock();
    for problem in &problems {
        writeln!(errors, "unified-gateway: {problem}").ok();
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(CANNOT_START) }
}

/// Tells which files that the start needs cannot be used.
fn broken_files(config: &Config) -> Vec<String> {
    let pair = TlsFiles::of(&config.listen.tls).map(|files| files.read());
    pair.and_then(Result::err).map(|error| error.to_string()).into_iter().collect()
}

fn write(out: &mut impl Write, inspection: &Inspection) -> std::io::Result<()> {
    write_table(out, &inspection.rows)?;
    for name in &inspection.ignored {
        writeln!(
            out,
            "note: {name} is taken for a variable that Kubernetes makes for a Service, and not read"
        )?;
    }
    if let Ok(config) = &inspection.loaded {
        for warning in config.warnings() {
            writeln!(out, "warning: {warning}")?;
        }
    }
    out.flush()
}

fn write_table(out: &mut impl Write, rows: &[Row]) -> std::io::Result<()> {
    let cells = rows
        .iter()
        .map(|row| [row.name.clone(), row.value.clone(), row.origin.to_string(), row.default.clone()]);
    let header = ["setting", "value", "from", "default"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(header).chain(cells).collect();
    let mut widths = [0; 3];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let [first, second, third] = widths;
    for [name, value, origin, default] in &lines {
        writeln!(out, "{name:first$}  {value:second$}  {origin:third$}  {default}")?;
    }
    writeln!(out)
}

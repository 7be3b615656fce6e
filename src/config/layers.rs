//! Where settings come from, one over the other: defaults, a file, variables, flags. Finds everything that is wrong, not just the first.

use std::path::Path;

use figment::error::{Actual, Kind};
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Error, Figment, Source};

use super::text::SECRETS;
use super::{Config, DEFAULTS, Overrides};

/// What every variable of ours begins with.
const PREFIX: &str = "GATEWAY_";
/// The section whose settings are not all in the defaults: their names are routes.
const OPEN: &str = "limits.endpoints";

/// The layers, and what they make together.
pub(super) struct Layers {
    figment: Figment,
    /// What is a setting and what a section: every one stands in the defaults.
    defaults: Dict,
    merged: Dict,
    /// Variables that begin like ours and are none.
    pub(super) ignored: Vec<String>,
    /// What is wrong, in sentences.
    pub(super) problems: Vec<String>,
}

impl Layers {
    /// Reads all layers, and takes out what is unknown or of the wrong kind.
    pub(super) fn read(file: Option<&Path>, overrides: &Overrides) -> Self {
        let base = Figment::from(Toml::string(DEFAULTS));
        let mut problems = Vec::new();
        let defaults: Dict = base.extract().unwrap_or_default();
        let mut figment = base;
        if let Some(file) = file {
            let with_file = figment.clone().merge(Toml::file_exact(file));
            match with_file.extract::<Dict>() {
                Ok(_) => figment = with_file,
                Err(error) => problems.push(broken_file(file, &error)),
            }
        }
        let links = service_links();
        let ignored = links.iter().map(|name| format!("{PREFIX}{}", name.to_ascii_uppercase())).collect();
        let variables = Env::prefixed(PREFIX)
            .filter(move |name| !links.iter().any(|link| name == link.as_str()))
            .split("__");
        figment = with_flags(figment.merge(variables), overrides);
        let merged: Dict = figment.extract().unwrap_or_else(|_| defaults.clone());
        let mut layers = Self { figment, defaults, merged, ignored, problems };
        layers.take_out_the_unknown();
        layers
    }

    /// Returns the configuration. A value that does not fit is noted, and its default taken, so that the next can be looked at.
    pub(super) fn extract(&mut self) -> Option<Config> {
        loop {
            let error = match Value::from(self.merged.clone()).deserialize::<Config>() {
                Ok(config) => return Some(config),
                Err(error) => error,
            };
            // An element of a list has a number there: the list is the setting.
            let names = error.path.iter().take_while(|name| name.parse::<usize>().is_err());
            let path = names.map(String::as_str).collect::<Vec<_>>().join(".");
            let default = find(&self.defaults, &path).cloned();
            self.problems.push(self.misfit(&path, &error.kind, default.as_ref()));
            let is_mended = match default {
                Some(default @ (Value::String(..) | Value::Num(..) | Value::Bool(..) | Value::Array(..))) => {
                    replace(&mut self.merged, &path, Some(default))
                }
                None if is_open(&path) => replace(&mut self.merged, &path, None),
                _ => false,
            };
            if !is_mended {
                return None;
            }
        }
    }

    /// Puts the tables' owner over what files and variables say.
    pub(super) fn own(&mut self, url: &str) {
        replace(&mut self.merged, "store.postgres.owner_url", Some(Value::from(url)));
        replace(&mut self.merged, "store.postgres.owner_url_file", Some(Value::from("")));
    }

    /// Returns every setting that there is, in the order of their names.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        list("", &self.defaults, &mut |path, default| {
            let given = self.figment.find_value(path).ok();
            let shown = |value: Option<&Value>| value.map_or_else(String::new, |value| written(path, value));
            let (value, default) = (shown(given.as_ref()), shown(Some(default)));
            rows.push(Row { name: path.to_owned(), value, origin: self.origin(path), default });
        });
        for (name, value) in find(&self.merged, OPEN).and_then(Value::as_dict).into_iter().flatten() {
            let path = format!("{OPEN}.{name}");
            let (value, origin) = (written(&path, value), self.origin(OPEN));
            rows.push(Row { name: path, value, origin, default: String::new() });
        }
        rows
    }

    /// Returns where a setting's value was said.
    pub(super) fn origin(&self, path: &str) -> Origin {
        let Some(metadata) = self.figment.find_metadata(path) else { return Origin::Default };
        match &metadata.source {
            Some(Source::File(file)) => Origin::File(file.display().to_string()),
            Some(Source::Code(_)) => Origin::Flag,
            _ if metadata.name.contains("environment") => Origin::Variable(variable(path)),
            _ => Origin::Default,
        }
    }

    fn take_out_the_unknown(&mut self) {
        let mut found = Vec::new();
        compare("", &self.defaults, &self.merged, &mut found);
        for Stranger { path, is_known } in found {
            let sentence = match (is_known, find(&self.defaults, &path)) {
                (true, Some(Value::Dict(..))) => {
                    format!("`{path}` is a section, not a setting{}", self.origin(&path).shown())
                }
                (true, _) => format!("`{path}` is a setting, not a section{}", self.origin(&path).shown()),
                (false, _) => match self.origin(&path) {
                    Origin::Variable(name) => format!("the variable {name} names no setting"),
                    origin => format!("`{path}` is no setting{}", origin.shown()),
                },
            };
            self.problems.push(sentence);
            let default = find(&self.defaults, &path).cloned();
            replace(&mut self.merged, &path, default);
        }
    }

    fn misfit(&self, path: &str, kind: &Kind, default: Option<&Value>) -> String {
        let place = self.origin(path).shown();
        let wanted = match default {
            Some(Value::Num(..)) => "a whole number, 0 or more",
            Some(Value::Bool(..)) => "true or false",
            Some(Value::Array(_, values)) if matches!(values.first(), Some(Value::Num(..))) => {
                "a list of whole numbers"
            }
            Some(Value::Array(..)) => "a list of networks",
            None if is_open(path) => "a whole number, 0 or more",
            _ => "a text",
        };
        match kind {
            _ if SECRETS.contains(&path) => format!("`{path}` must be a text{place}"),
            Kind::InvalidType(found, _) => format!("`{path}` must be {wanted}, not {}{place}", plain(found)),
            Kind::InvalidValue(found, _) => format!("`{path}` cannot be {}{place}", plain(found)),
            Kind::UnknownVariant(found, names) => {
                let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
                format!("`{path}` must be {}, not \"{found}\"{place}", names.join(" or "))
            }
            other => format!("`{path}`: {other}{place}"),
        }
    }
}

/// A setting, as it is written in TOML; secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// `listen.public`
    pub(crate) name: String,
    /// What it is.
    pub(crate) value: String,
    /// Who says so.
    pub(crate) origin: Origin,
    /// What it is when nobody says anything.
    pub(crate) default: String,
}

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In the file of this name.
    File(String),
    /// In the variable of this name.
    Variable(String),
    /// On the command line.
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.pad("default"),
            Self::File(file) => f.pad(&format!("file {file}")),
            Self::Variable(name) => f.pad(&format!("variable {name}")),
            Self::Flag => f.pad("flag"),
        }
    }
}

impl Origin {
    /// Returns the words for a sentence's end.
    fn shown(&self) -> String {
        match self {
            Self::Default => String::new(),
            said => format!(" ({said})"),
        }
    }
}

/// A name that is none, or that stands for a section where a setting is, or the other way round.
struct Stranger {
    path: String,
    is_known: bool,
}

fn compare(prefix: &str, known: &Dict, given: &Dict, found: &mut Vec<Stranger>) {
    for (name, value) in given {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match (known.get(name), value) {
            (None, Value::Dict(_, inner)) if !inner.is_empty() => compare(&path, &Dict::new(), inner, found),
            (None, _) if is_open(&path) => {}
            (None, _) => found.push(Stranger { path, is_known: false }),
            (Some(Value::Dict(_, known)), Value::Dict(_, inner)) => compare(&path, known, inner, found),
            (Some(Value::Dict(..)), _) | (Some(_), Value::Dict(..)) => {
                found.push(Stranger { path, is_known: true });
            }
            (Some(_), _) => {}
        }
    }
}

fn list(prefix: &str, dict: &Dict, each: &mut impl FnMut(&str, &Value)) {
    for (name, value) in dict {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Dict(_, inner) => list(&path, inner, each),
            value => each(&path, value),
        }
    }
}

/// Writes a value as TOML does; a secret is masked.
fn written(path: &str, value: &Value) -> String {
    match value {
        // Masked even where it has the wrong kind: what a secret should have been is a secret.
        _ if SECRETS.contains(&path) && value.as_str() != Some("") => "(secret)".to_owned(),
        Value::String(_, text) => format!("{text:?}"),
        Value::Bool(_, value) => value.to_string(),
        Value::Num(_, number) => plain(&number.to_actual()),
        Value::Array(_, values) => {
            let values: Vec<_> = values.iter().map(|value| written(path, value)).collect();
            format!("[{}]", values.join(", "))
        }
        // A whole section where a setting should be: it may hold anything.
        _ => "(not a value)".to_owned(),
    }
}

/// Whether a path leads into the section whose settings are not all known.
fn is_open(path: &str) -> bool {
    path.strip_prefix(OPEN).is_some_and(|rest| rest.starts_with('.'))
}

fn find<'a>(dict: &'a Dict, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((section, rest)) => find(dict.get(section)?.as_dict()?, rest),
        None => dict.get(path),
    }
}

/// Puts a value at a path, or takes away what is there. Returns whether the path leads anywhere.
fn replace(dict: &mut Dict, path: &str, value: Option<Value>) -> bool {
    if let Some((section, rest)) = path.split_once('.') {
        return match dict.get_mut(section) {
            Some(Value::Dict(_, inner)) => {
                let is_done = replace(inner, rest, value);
                // A section that nobody knows goes with the last of its settings.
                if inner.is_empty() {
                    dict.remove(section);
                }
                is_done
            }
            _ => false,
        };
    }
    match value {
        Some(value) => dict.insert(path.to_owned(), value).is_some(),
        None => dict.remove(path).is_some(),
    }
}

/// Returns the variable that sets a setting.
pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.to_uppercase().replace('.', "__"))
}

/// Returns the names, without their beginning, of variables that Kubernetes made.
fn service_links() -> Vec<String> {
    let all = Env::prefixed(PREFIX);
    let links = all.iter().filter(|(name, value)| is_service_link(name.as_str(), value));
    links.map(|(name, _)| name.to_string()).collect()
}

/// Whether Kubernetes made this variable for a Service called `gateway` or `gateway-…`: every container of the namespace gets them.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let has_port_number = name
        .split_once("PORT_")
        .and_then(|(_, rest)| rest.bytes().next())
        .is_some_and(|first| first.is_ascii_digit());
    !name.contains("__")
        && (name.ends_with("SERVICE_HOST")
            || name.contains("SERVICE_PORT")
            || has_port_number
            || (name.ends_with("PORT") && value.contains("://")))
}

fn with_flags(mut figment: Figment, flags: &Overrides) -> Figment {
    let texts = [
        ("listen.public", flags.public.map(|address| address.to_string())),
        ("listen.admin", flags.admin.map(|address| address.to_string())),
        ("store.folder", flags.folder.as_ref().map(|folder| folder.display().to_string())),
    ];
    for (path, text) in texts {
        if let Some(text) = text {
            figment = figment.merge(Serialized::default(path, text));
        }
    }
    figment
}

/// Words a value as it was written.
fn plain(value: &Actual) -> String {
    match value {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Str(value) => format!("\"{value}\""),
        other => format!("a {other}"),
    }
}

/// Words a file that is no TOML or not there, without showing its lines: they may hold a secret.
fn broken_file(file: &Path, error: &Error) -> String {
    let words = error.kind.to_string();
    let mut lines = words.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    match lines.next_back() {
        Some(last) => format!("the file {} is not TOML: {first}: {last}", file.display()),
        None => format!("the file {} cannot be read: {first}", file.display()),
    }
}

//! `.env` files: from text to variables, and from variables to the services whose credentials they hold. Pure; reads
//! nothing but the file it is given, and shows no value of it beyond its last four characters.

mod detect;
mod file;
mod lexer;
mod name;
mod placeholder;
mod references;
mod shape;

pub use detect::{Detected, DetectedService, DetectedVariable, detect};
pub use file::{EnvFile, FileError, MAX_FILE_BYTES, MAX_VARIABLES, Variable, Warning};
pub use lexer::lex;

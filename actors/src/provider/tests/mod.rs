mod attempts;
mod tokens;

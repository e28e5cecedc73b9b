//! Reading the command line so that everything wrong with the settings is told in one go.
use crate::Cli;
use clap::error::{ContextKind, ErrorKind};
use clap::{Command, CommandFactory as _, FromArgMatches as _};
use std::ffi::{OsStr, OsString};

/// The settings, or an end of the process that names every value that is wrong.
pub fn read() -> Cli {
    let mut command = without_empty(Cli::command());
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let mut faults: Vec<String> = vec![];
    loop {
        let error = match command.clone().try_get_matches_from(&arguments) {
            Ok(_) if !faults.is_empty() => fail(&faults),
            Ok(matches) => match Cli::from_arg_matches(&matches) {
                Ok(cli) => return cli,
                Err(error) => error.exit(),
            },
            Err(error) => error,
        };
        // A value that is wrong is taken out, so that the next one is looked at.
        match long_name(&error) {
            Some(name) => {
                faults.push(told(&error));
                command = without(command, &name);
                take_out(&mut arguments, &name);
            }
            None if faults.is_empty() && error.exit_code() == 0 => error.exit(),
            None => {
                faults.push(told(&error));
                fail(&faults)
            }
        }
    }
}

fn fail(faults: &[String]) -> ! {
    for fault in faults {
        eprintln!("{fault}");
    }
    std::process::exit(2)
}

/// What is wrong, without the usage that clap adds, and never with a URL that may hold a password.
fn told(error: &clap::Error) -> String {
    if long_name(error).as_deref() == Some("database-url") {
        return "error: the value for '--database-url' must start with sqlite:// or postgres://".to_owned();
    }
    let text = error.to_string();
    let told: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    told.join(" ")
}

/// The long name of the setting whose value is wrong.
fn long_name(error: &clap::Error) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    let told = error.get(ContextKind::InvalidArg)?.to_string();
    told.strip_prefix("--").map(|name| name.split([' ', '=']).next().unwrap_or_default().to_owned())
}

/// Compose files pass on a variable that is not set as an empty one: that is not to set it.
fn without_empty(command: Command) -> Command {
    let forget = |argument: clap::Arg| {
        let empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
        if argument.get_env().is_some_and(empty) { argument.env(None::<&str>) } else { argument }
    };
    command.mut_args(forget).mut_subcommands(without_empty)
}

/// The command with a setting that is read from nowhere and asked of nobody.
fn without(command: Command, name: &str) -> Command {
    let forget = |argument: clap::Arg| {
        if argument.get_long() == Some(name) {
            argument.env(None::<&str>).required(false)
        } else {
            argument
        }
    };
    command.mut_args(forget).mut_subcommands(|command| without(command, name))
}

fn take_out(arguments: &mut Vec<OsString>, name: &str) {
    let (flag, start) = (format!("--{name}"), format!("--{name}="));
    if let Some(at) = arguments.iter().position(|argument| *argument == *flag) {
        arguments.drain(at..(at + 2).min(arguments.len()));
    }
    arguments.retain(|argument| !argument.to_string_lossy().starts_with(&start));
}

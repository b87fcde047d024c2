//! `ls` and `df`: what lies in folders, and how full the disk is.

use super::super::files::File;
use super::super::options::{Call, Grammar, Order, flag};
use super::super::repository;
use super::super::runner::{Shell, Streams};
use super::Command;
use crate::model::Timestamp;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "ls",
        grammar: Grammar {
            known: &[flag('l', "l"), flag('a', "all"), flag('1', "1")],
            number: None,
            order: Order::Mixed,
        },
        check: super::any,
        run: ls,
    },
    Command {
        name: "df",
        grammar: Grammar {
            known: &[flag('P', "portability"), flag('k', "k")],
            number: None,
            order: Order::Mixed,
        },
        check: |call| {
            if call.has("portability") && call.has("k") && !call.operands.is_empty() {
                return Ok(());
            }
            Err("call other than `df -Pk PATH`".to_owned())
        },
        run: df,
    },
];

/// Bytes of the disk that uploads lie on: 50 GiB.
const DISK_BYTES: u64 = 50 << 30;

fn ls(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let mut operands = call.operands.clone();
    if operands.is_empty() {
        operands.push(".".to_owned());
    }
    operands.sort();
    let mut code = 0;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for operand in &operands {
        let path = shell.files.resolve(&shell.folder, operand);
        if shell.files.is_folder(&path) {
            folders.push((operand.clone(), path));
        } else if shell.files.exists(&path) {
            files.push((operand.clone(), path));
        } else {
            streams.complain(&format!(
                "ls: cannot access '{operand}': No such file or directory"
            ));
            code = 2;
        }
    }
    let some_files = !files.is_empty();
    say_entries(call, shell, streams, &files);
    for (nth, (operand, path)) in folders.iter().enumerate() {
        if operands.len() > 1 {
            let gap = if nth > 0 || some_files { "\n" } else { "" };
            streams.say(&format!("{gap}{operand}:\n"));
        }
        let mut names = shell.files.children(path);
        if call.has("all") {
            names.splice(0..0, [".".to_owned(), "..".to_owned()]);
        } else {
            names.retain(|name| !name.starts_with('.'));
        }
        let entries: Vec<(String, String)> = names
            .into_iter()
            .map(|name| {
                let path = shell.files.resolve(path, &name);
                (name, path)
            })
            .collect();
        if call.has("l") {
            let blocks: u64 = entries
                .iter()
                .map(|(_, path)| {
                    shell
                        .files
                        .get(path)
                        .map_or(4, |file| file.bytes.div_ceil(4096) * 4)
                })
                .sum();
            streams.say(&format!("total {blocks}\n"));
        }
        say_entries(call, shell, streams, &entries);
    }
    code
}

/// One line an entry: names with their paths.
fn say_entries(call: &Call, shell: &Shell, streams: &mut Streams, entries: &[(String, String)]) {
    if !call.has("l") {
        for (name, _) in entries {
            streams.say(&format!("{name}\n"));
        }
        return;
    }
    let now = shell.world.now();
    let rows: Vec<(bool, u64, Timestamp, &str)> = entries
        .iter()
        .map(|(name, path)| match shell.files.get(path) {
            Some(file) => (false, file.bytes, file.changed, name.as_str()),
            None => (
                true,
                4096,
                newest(shell, path).unwrap_or(now),
                name.as_str(),
            ),
        })
        .collect();
    let width = rows
        .iter()
        .map(|(_, bytes, ..)| bytes.to_string().len())
        .max()
        .unwrap_or(0);
    for (folder, bytes, changed, name) in rows {
        let (mode, links) = if folder {
            ("drwxr-xr-x", 2)
        } else {
            ("-rw-r--r--", 1)
        };
        let old = now.duration_since(changed).as_hours() > 24 * 180;
        let format = if old { "%b %e  %Y" } else { "%b %e %H:%M" };
        let changed = changed.strftime(format);
        streams.say(&format!(
            "{mode} {links} app app {bytes:>width$} {changed} {name}\n"
        ));
    }
}

/// When anything below a folder was changed last.
fn newest(shell: &Shell, folder: &str) -> Option<Timestamp> {
    shell
        .files
        .below(folder)
        .map(|(_, file): (&str, &File)| file.changed)
        .max()
}

fn df(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let mut code = 0;
    let mut titled = false;
    for operand in &call.operands {
        let path = shell.files.resolve(&shell.folder, operand);
        if !shell.files.exists(&path) {
            streams.complain(&format!("df: {operand}: No such file or directory"));
            code = 1;
            continue;
        }
        if !titled {
            streams.say("Filesystem     1024-blocks      Used Available Capacity Mounted on\n");
            titled = true;
        }
        let uploads = path.starts_with(repository::UPLOADS);
        let (device, percent, place) = if uploads {
            (
                "/dev/nvme1n1",
                u64::from(shell.status.disk_percent),
                repository::UPLOADS,
            )
        } else {
            ("/dev/nvme0n1p1", 31, "/")
        };
        let blocks = DISK_BYTES / 1024;
        let used = blocks * percent.min(100) / 100;
        let free = blocks - used;
        streams.say(&format!(
            "{device:<14} {blocks:>11} {used:>9} {free:>9} {percent:>7}% {place}\n"
        ));
    }
    code
}

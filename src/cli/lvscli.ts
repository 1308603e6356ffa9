/** Placeholder executable: says that `lvscli` does not exist yet and fails, so that no script relies on it. */
process.stderr.write("lvscli: not yet\n");
process.exitCode = 1;

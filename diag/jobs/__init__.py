"""Jobs in a process of their own: a crash of a native library ends the job, never the window or the command."""

"""What to do about it: detectors find signals, alerts tell the account team, tasks say what comes next."""

"""What is published of a version, built once and looked at; `make release-check` installs it."""

-- Messages whose time is over are looked for every hour, by status and moment, without reading those that stay.
CREATE INDEX quarantine_at ON quarantine (status, at);

"""The compose page: a local web page that writes, changes, plays and keeps tunes."""

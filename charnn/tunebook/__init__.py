"""The tune book of a user: what was written, what is kept, and the book on paper."""

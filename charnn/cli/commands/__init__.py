"""The commands of the program, one module each: parse, call the library, show the result."""

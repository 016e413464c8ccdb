"""What is true: values and rules, pure, with nothing but the standard library (and `idna`)."""

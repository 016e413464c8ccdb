"""OData query options: text to AST, AST to parameterised SQL."""

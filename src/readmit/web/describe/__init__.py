"""The API as OpenAPI 3.1 and as a page, made from the tables of routes and the model of types (experience F6)."""

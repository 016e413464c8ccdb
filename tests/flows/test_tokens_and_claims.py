"""Who a bearer token stands for, and what an application hears (graph G72 to G78, lifecycle L31)."""

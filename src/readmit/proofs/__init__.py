"""Ways to prove who one is: the home tenant's password, a mailed passcode."""

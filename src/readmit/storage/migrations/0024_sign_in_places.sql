-- Where a sign-in was made, in the words that its owner is shown: who looks at his sessions must know them apart.
ALTER TABLE sign_ins ADD COLUMN ip TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN platform TEXT NOT NULL DEFAULT '';
CREATE INDEX sign_ins_home ON sign_ins (home_user_id) WHERE home_user_id IS NOT NULL;

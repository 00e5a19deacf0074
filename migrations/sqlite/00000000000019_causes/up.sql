-- Why an attempt brought nothing, in the words of the adapter; never a provider's or a user's.
ALTER TABLE attempts ADD COLUMN cause TEXT;

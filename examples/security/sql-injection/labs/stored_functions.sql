-- LAB: the first function is deliberately vulnerable. Three functions that search for a name.
-- --8<-- [start:concatenated]
CREATE FUNCTION search_concatenated(wanted text)
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT name FROM product WHERE name = '''
        || wanted || '''';
END $$;
-- --8<-- [end:concatenated]

-- --8<-- [start:using]
CREATE FUNCTION search_using(wanted text)
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE
        'SELECT name FROM product WHERE name = $1'
        USING wanted;
END $$;
-- --8<-- [end:using]

-- --8<-- [start:formatted]
-- %I writes an identifier, %L a literal, each quoted for PostgreSQL. %s writes the text as it is.
CREATE FUNCTION search_formatted(field text, wanted text)
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT name FROM product WHERE %I = %L',
        field, wanted);
END $$;
-- --8<-- [end:formatted]

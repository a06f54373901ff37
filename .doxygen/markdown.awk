# From the Markdown of the documents to what Doxygen reads: formulas between its own marks, and headings with the names
# that links use, in front of which the document's own stands, since Doxygen has one list of names for all documents.

BEGIN {
  document = ARGV[1]
  sub(/.*\//, "", document)
  sub(/\.md$/, "", document)
}

function name_of(heading) {
  heading = tolower(heading)
  gsub(/`/, "", heading)
  gsub(/[^a-z0-9 _-]/, "", heading)
  gsub(/ /, "-", heading)
  return heading
}

function with_links(text) {
  gsub(/\]\(#/, "](#" document "-", text)
  while (match(text, /\]\([a-z]+\.md#/)) {
    target = substr(text, RSTART + 2, RLENGTH - 6)
    text = substr(text, 1, RSTART + 1) "#" target "-" substr(text, RSTART + RLENGTH)
  }
  return text
}

# Formulas stand outside of code: between the parts that backquotes enclose.
function with_formulas(text, parts, count, i, result) {
  count = split(text, parts, "`")
  for (i = 1; i <= count; ++i) {
    if (i % 2 == 1) gsub(/\$/, "\\f$", parts[i])
    result = result (i > 1 ? "`" : "") parts[i]
  }
  return result
}

/^<!-- example: hidden/ { hidden = 1 }
hidden { if (/^-->/) hidden = 0; print ""; next }
/^<!-- example:/ { print ""; next }
/^```/ { code = !code; sub(/c\+\+/, "cpp"); print; next }
code { print; next }
/^\$\$.*\$\$$/ { print "\\f[" substr($0, 3, length($0) - 4) "\\f]"; next }
/^##+ / {
  text = $0
  sub(/^#+ /, "", text)
  print $0 " {#" document "-" name_of(text) "}"
  next
}
{ print with_formulas(with_links($0)) }

# Names the enumerators and concepts without a comment, of which Doxygen itself does not warn:
#
#   awk -v folder=reference/xml -f uncommented.awk reference/xml/index.xml

function check(file, line, name, wanted) {
  while ((getline line < file) > 0) {
    if (line ~ /<enumvalue |kind="concept"/) wanted = 1
    if (wanted && line ~ /<(compound)?name>/) { name = line; gsub(/^ *<[a-z]*>|<.*$/, "", name) }
    if (wanted && line ~ /<briefdescription>/) {
      getline line < file
      ++checked
      if (line ~ /<\/briefdescription>/) { print name " is not documented"; failed = 1 }
      wanted = 0
    }
  }
  close(file)
}

/<compound .*kind="(namespace|class|struct|concept)"/ {
  sub(/.*refid="/, "")
  sub(/".*/, "")
  check(folder "/" $0 ".xml")
}

END {
  if (checked == 0) print FILENAME ": no enumerator and no concept"
  exit failed || checked == 0
}

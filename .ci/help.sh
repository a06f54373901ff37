# The help of a program that is not built yet. Sourced by the run scripts, behind packages.sh:
#
#   answer_help FILE "$@"                  prints FILE and ends, where -h or --help is among the arguments
#   refuse_unknown COMMAND FILE "$@"       ends with a sentence, where an option is that FILE does not list
#
# FILE is what the program itself prints; a test compares the two.

answer_help() {
  local file=$1 argument
  shift
  for argument in "$@"; do
    if [ "$argument" = --help ] || [ "$argument" = -h ]; then
      cat "$file"
      exit
    fi
  done
}

refuse_unknown() {
  local command=$1 file=$2 argument option
  shift 2
  for argument in "$@"; do
    option=${argument%%=*}
    case $option in
      --) return ;;
      --* | -[a-zA-Z]*)
        sed -n 's/^  \(  \)\{0,1\}\(-[^ =]*\).*/\2/p' "$file" | tr , "\n" | grep -xF -e "$option" >/dev/null ||
          die "$command: unknown option $option; $command --help lists what there is"
        ;;
    esac
  done
}

/** The scripts that shells load: each asks bcat what may stand at the cursor, so that they know nothing themselves. */

export const shells = ["bash", "zsh", "fish"] as const;

/**
 * `bcat completion words -- WORD…` answers with a line that says of which kind the words are, and then with a word a line
 * and, behind a tab, what it means. After paths, which may go on, stands no blank.
 */
export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: String.raw`# bash completion of bcat: . <(bcat completion bash)
_bcat() {
  local -a words=() lines=()
  local word current joined="" i
  # bash divides words at = and : too.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${"$"}{COMP_WORDS[i]}
    if [[ $joined == 1 || $word == [=:]* ]] && ((${"$"}{#words[@]} > 0)); then words[-1]+=$word; else words+=("$word"); fi
    joined=""
    [[ $word == [=:] ]] && joined=1
  done
  current=${"$"}{words[-1]}
  mapfile -t lines < <("${"$"}{COMP_WORDS[0]}" completion words -- "${"$"}{words[@]}" 2>/dev/null)
  case ${"$"}{lines[0]} in
    files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "${"$"}{COMP_WORDS[COMP_CWORD]}")
      return
      ;;
    paths) compopt -o nospace ;;
  esac
  COMPREPLY=()
  for word in "${"$"}{lines[@]:1}"; do
    word=${"$"}{word%%$'\t'*}
    # What stands before the last = or : is not replaced.
    [[ $word == "$current"* ]] && COMPREPLY+=("$(printf '%q' "${"$"}{COMP_WORDS[COMP_CWORD]#[=:]}${"$"}{word:${"$"}{#current}}")")
  done
}
complete -F _bcat bcat`,
  zsh: String.raw`#compdef bcat
# zsh completion of bcat: as _bcat in a folder of fpath, or . <(bcat completion zsh)
_bcat() {
  local -a lines described plain
  local line
  lines=("${"$"}{(@f)$("${"$"}{(Q)words[1]}" completion words -- "${"$"}{(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case ${"$"}{lines[1]} in
    files) _files ;;
    paths)
      plain=("${"$"}{(@)lines[2,-1]%%$'\t'*}")
      compadd -S '' -- "${"$"}{plain[@]}"
      ;;
    *)
      for line in "${"$"}{(@)lines[2,-1]}"; do
        described+=("${"$"}{${"$"}{line%%$'\t'*}//:/\\:}:${"$"}{line#*$'\t'}")
      done
      _describe -V bcat described
      ;;
  esac
}
if [[ ${"$"}{funcstack[1]} == _bcat ]]; then _bcat "$@"; else compdef _bcat bcat; fi`,
  fish: String.raw`# fish completion of bcat: bcat completion fish | source
function __bcat_words
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (command $words[1] completion words -- $words[2..-1] 2>/dev/null)
  switch "$lines[1]"
    case files
      __fish_complete_path (commandline -ct)
    case '*'
      printf '%s\n' $lines[2..-1]
  end
end
complete -c bcat -f -a '(__bcat_words)'`,
};

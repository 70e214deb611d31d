/** The scripts that shells load: each asks bcat what may stand at the cursor, so that they know nothing themselves. */

export const shells = ["bash", "zsh", "fish"] as const;

/**
 * `bcat completion words -- WORD…` answers with a line that says of which kind the words are, and then with a word a line
 * and, behind a tab, what it means. After paths, which may go on, stands no blank.
 */
export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: String.raw`# bash completion of bcat: . <(bcat completion bash)
# Sets unquoted to what a word means, whose quote may still be open.
_bcat_unquote() {
  local word=$1 quote="" char i
  unquoted=""
  [[ $word == "~/"* ]] && unquoted=$HOME word=${"$"}{word:1}
  for ((i = 0; i < ${"$"}{#word}; i++)); do
    char=${"$"}{word:i:1}
    if [[ $quote == "'" && $char != "'" ]]; then unquoted+=$char
    elif [[ $char == \\ ]]; then
      ((i += 1))
      char=${"$"}{word:i:1}
      [[ $quote == '"' && $char != [\"\\\$\`] ]] && unquoted+=\\
      unquoted+=$char
    elif [[ $char == "$quote" ]]; then quote=""
    elif [[ -z $quote && $char == [\"\'] ]]; then quote=$char
    else unquoted+=$char; fi
  done
  # readline has put a slash behind the quote that it has closed.
  [[ $unquoted == *[^:]// ]] && unquoted=${"$"}{unquoted%/}
}
_bcat() {
  local -a words=() lines=()
  local word current unquoted last joined="" i
  # bash divides words at = and : too.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    _bcat_unquote "${"$"}{COMP_WORDS[i]}"
    word=$unquoted
    if [[ $joined == 1 || $word == [=:]* ]] && ((${"$"}{#words[@]} > 0)); then words[-1]+=$word; else words+=("$word"); fi
    joined=""
    [[ $word == [=:] ]] && joined=1
  done
  current=${"$"}{words[-1]}
  # What stands before the last = or : is not replaced.
  last=${"$"}{word#[=:]}
  _bcat_unquote "${"$"}{COMP_WORDS[0]}"
  mapfile -t lines < <("$unquoted" completion words -- "${"$"}{words[@]}" 2>/dev/null)
  COMPREPLY=()
  case ${"$"}{lines[0]} in
    # readline knows files, and quotes what it is told are some.
    files) compopt -o default -o filenames ;;
    paths) compopt -o nospace -o filenames ;;
  esac
  for word in "${"$"}{lines[@]:1}"; do
    word=${"$"}{word%%$'\t'*}
    [[ $word == "$current"* ]] && COMPREPLY+=("$last${"$"}{word:${"$"}{#current}}")
  done
}
complete -F _bcat bcat`,
  zsh: String.raw`#compdef bcat
# zsh completion of bcat: as _bcat in a folder of fpath, or . <(bcat completion zsh)
_bcat() {
  local -a lines described plain
  local line
  # Of the word at the cursor what stands before it, without the quote that may be open.
  local current=$PREFIX
  [[ $compstate[quoting] == single ]] || current=${"$"}{(Q)PREFIX}
  lines=("${"$"}{(@f)$("${"$"}{(Q)words[1]}" completion words -- "${"$"}{(@Q)words[2,CURRENT-1]}" "$current" 2>/dev/null)}")
  case ${"$"}{lines[1]} in
    files)
      [[ $PREFIX == --*=* ]] && compset -P 1 '*='
      _files
      ;;
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
  set -l words (commandline -opc)
  # What it means, though a quote is open.
  set -l current (string unescape -- (commandline -ct))
  set -l lines (command $words[1] completion words -- $words[2..-1] $current 2>/dev/null)
  switch "$lines[1]"
    case files
      set -l flag (string match --regex -- '^--[^=]*=' $current)
      set -l paths (__fish_complete_path (string sub --start (math (string length -- "$flag") + 1) -- $current))
      printf '%s\n' "$flag"$paths
    case '*'
      printf '%s\n' $lines[2..-1]
  end
end
complete -c bcat -f -a '(__bcat_words)'`,
};

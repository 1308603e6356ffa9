/** Vim: a syntax file and the detection of the file type. */
import { directives, notice, wordGroups } from "./words.ts";

export function vim(): readonly (readonly [string, string])[] {
  return [
    ["grammar/vim/syntax/keepalived.vim", syntax()],
    ["grammar/vim/ftdetect/keepalived.vim", detection()],
  ];
}

function detection(): string {
  return `" ${notice}
autocmd BufNewFile,BufRead */keepalived/*.conf,keepalived*.conf setfiletype keepalived
`;
}

function syntax(): string {
  const groups = wordGroups();
  return `" Vim syntax of keepalived.conf
" ${notice}
if exists("b:current_syntax")
  finish
endif
syntax case match
syntax iskeyword @,48-57,_,-

${keywords("keepalivedBlock", groups.blocks)}
${keywords("keepalivedKeyword", groups.keywords)}
${keywords("keepalivedOld", groups.deprecated)}
${keywords("keepalivedOption", groups.options)}
${keywords("keepalivedValue", groups.values)}
${keywords("keepalivedInclude", directives)}

syntax match keepalivedNumber "\\<[0-9]\\+\\(\\.[0-9]\\+\\)\\?\\>"
syntax match keepalivedAddress "\\<[0-9]\\{1,3}\\(\\.[0-9]\\{1,3}\\)\\{3}\\(/[0-9]\\+\\)\\?\\>"
syntax match keepalivedAddress "\\<[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\\(/[0-9]\\+\\)\\?"
syntax match keepalivedParameter "\\$\\({[^}]*}\\|[A-Za-z_][A-Za-z0-9_]*\\)"
syntax match keepalivedParameter "\\~\\(SEQx\\?\\|LST\\)([^)]*)"
syntax match keepalivedCondition "^\\s*@^\\?[A-Za-z0-9_-]*"
syntax region keepalivedString start=+"+ end=+"+ oneline contains=keepalivedParameter
syntax match keepalivedComment "[#!].*$"
syntax match keepalivedEscape "\\\\[#!]"

highlight default link keepalivedBlock Structure
highlight default link keepalivedKeyword Keyword
highlight default link keepalivedOld Todo
highlight default link keepalivedOption Identifier
highlight default link keepalivedValue Constant
highlight default link keepalivedInclude Include
highlight default link keepalivedNumber Number
highlight default link keepalivedAddress Number
highlight default link keepalivedParameter PreProc
highlight default link keepalivedCondition PreCondit
highlight default link keepalivedString String
highlight default link keepalivedComment Comment
highlight default link keepalivedEscape SpecialChar

let b:current_syntax = "keepalived"
`;
}

/** Lines of about a hundred columns. */
function keywords(group: string, words: readonly string[]): string {
  const lines: string[] = [];
  let line = `syntax keyword ${group}`;
  for (const word of words) {
    if (line.length + 1 + word.length > 100) {
      lines.push(line);
      line = `syntax keyword ${group}`;
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

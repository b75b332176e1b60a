# Options every target is built with. Contraction stays off: a fused multiply-add rounds once where two
# operations round twice, and a trajectory would then depend on the compiler.
function(bioxen_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -ffp-contract=off)
  if(BIOXEN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(BIOXEN_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()

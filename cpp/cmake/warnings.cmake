# Which sanitizers; those of addresses and of threads exclude each other.
if(NOT BIOXEN_SANITIZE)
  set(bioxen_sanitizers "")
elseif(BIOXEN_SANITIZE MATCHES "^(address|ON|TRUE|YES|Y|1)$")
  set(bioxen_sanitizers address,undefined)
elseif(BIOXEN_SANITIZE STREQUAL "thread")
  set(bioxen_sanitizers thread)
else()
  message(FATAL_ERROR "BIOXEN_SANITIZE=${BIOXEN_SANITIZE} must be OFF, ON, address or thread")
endif()

# Options every target is built with. Contraction stays off: a fused multiply-add rounds once where two
# operations round twice, and a trajectory would then depend on the compiler.
function(bioxen_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -ffp-contract=off)
  if(BIOXEN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(bioxen_sanitizers)
    target_compile_options(${target} PRIVATE
      -fsanitize=${bioxen_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${bioxen_sanitizers})
  endif()
endfunction()
